using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Onnx;

/// <summary>One conversion: every node in its order, with the Casts it needs before and after it.</summary>
internal sealed class HalfConversion
{
    private readonly GraphBuilder _builder;
    private readonly ElementTypes _types;
    private readonly Constants _constants;
    private readonly ChannelAffineReader _affines;
    private readonly HashSet<string> _outputs;

    // By old name: the tensor in float16 (itself where a converted node gives it), and the same in its old type.
    private readonly Dictionary<string, string> _half = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _wide = new(StringComparer.Ordinal);
    private readonly HashSet<string> _converted = new(StringComparer.Ordinal);
    private readonly Dictionary<TensorProto, string> _weights = new(ReferenceEqualityComparer.Instance);

    public HalfConversion(GraphBuilder builder)
    {
        _builder = builder;
        _types = new(builder.Graph);
        _constants = new(builder.Graph);
        _affines = new(_constants);
        _outputs = [.. builder.Graph.Output.Select(o => o.Name)];
    }

    /// <summary>False where nothing was to be converted.</summary>
    public bool Run()
    {
        foreach (var node in _builder.TakeNodes())
        {
            var half = IsHalf(node);
            if (half && node.OpType == "BatchNormalization")
            {
                MoveVarianceIntoScale(node);
            }

            for (var i = 0; i < node.Input.Count; i++)
            {
                if (IsWide(node.Input[i]))
                {
                    node.Input[i] = half && !HalfPrecision.StaysFloat(node, i) ? Half(node.Input[i]) : Wide(node.Input[i]);
                }
            }

            _builder.Put(node);
            if (half)
            {
                GiveHalf(node);
            }
        }

        foreach (var value in _builder.Graph.ValueInfo.Where(v => _half.GetValueOrDefault(v.Name) == v.Name))
        {
            value.Type.TensorType.ElemType = (int)ElementType.Float16;
        }

        return _converted.Count > 0;
    }

    private bool IsWide(string tensor) => _types[tensor] is ElementType.Float or ElementType.Double;

    private bool IsHalf(NodeProto node) =>
        HalfPrecision.Begins(node) ? node.Input.Any(IsWide)
        : node.Input.Any(_converted.Contains) && (!HalfPrecision.NeedsMore(node) || FixedBatchNorm(node) is not null);

    private ChannelAffine? FixedBatchNorm(NodeProto node) =>
        ChannelAffineReader.IsBatchNorm(node) && node.Input.Count == 5 && _constants[node.Input[1]] is { } scale
            ? _affines.Read(node, node.Input[0], (ElementType)scale.DataType, (int)TensorData.Count(scale), rank: 2)
            : null;

    /// <summary>
    /// scale (x - mean) / sqrt(variance + epsilon) as scale' (x - mean) / sqrt(1 + epsilon): variances of 1e-7 and epsilons of
    /// 1e-12 are zero in float16, but 1 is exact.
    /// </summary>
    private void MoveVarianceIntoScale(NodeProto node)
    {
        var scale = FixedBatchNorm(node)!.Scale;
        var root = Math.Sqrt(1 + (double)node.Float("epsilon", 1e-5f));
        node.Input[1] = _builder.Reals($"{node.Input[1]}_half", ElementType.Float16, [.. scale.Select(s => s * root)], scale.Length);
        node.Input[4] = _builder.Reals($"{node.Input[4]}_half", ElementType.Float16, ChannelAffine.Identity(scale.Length).Scale, scale.Length);
    }

    private string Half(string tensor)
    {
        if (!_half.TryGetValue(tensor, out var half))
        {
            half = _constants[tensor] is { } constant && TensorData.Doubles(constant) is { } values
                ? Weights(tensor, constant, values)
                : _builder.Node("Cast", [tensor], $"{tensor}_half", ("to", (int)ElementType.Float16));
            _half.Add(tensor, half);
        }

        return half;
    }

    private string Weights(string name, TensorProto constant, double[] values)
    {
        if (!_weights.TryGetValue(constant, out var half))
        {
            half = _builder.Reals($"{name}_half", ElementType.Float16, values, [.. constant.Dims]);
            _weights.Add(constant, half);
        }

        return half;
    }

    private string Wide(string tensor)
    {
        if (!_converted.Contains(tensor) || _outputs.Contains(tensor))
        {
            return tensor;
        }

        if (!_wide.TryGetValue(tensor, out var wide))
        {
            wide = _builder.Node("Cast", [tensor], $"{tensor}_{_types[tensor].ToString().ToLowerInvariant()}", ("to", (int)_types[tensor]));
            _wide.Add(tensor, wide);
        }

        return wide;
    }

    /// <summary>The node's outputs are float16 now; an output of the graph is cast back and keeps name and type.</summary>
    private void GiveHalf(NodeProto node)
    {
        if (node.OpType == "Cast" && IsWide(node.Output[0]))
        {
            node.Find("to")!.I = (int)ElementType.Float16;
        }

        for (var i = 0; i < node.Output.Count; i++)
        {
            var name = node.Output[i];
            if (!IsWide(name))
            {
                continue;
            }

            _converted.Add(name);
            _half[name] = name;
            if (_outputs.Contains(name))
            {
                node.Output[i] = _half[name] = _builder.Reserve($"{name}_half");
                _builder.Put(new NodeProto
                {
                    OpType = "Cast",
                    Input = { node.Output[i] },
                    Output = { name },
                    Attribute = { new AttributeProto { Name = "to", Type = AttributeProto.Types.AttributeType.Int, I = (int)_types[name] } },
                });
            }
        }
    }
}
