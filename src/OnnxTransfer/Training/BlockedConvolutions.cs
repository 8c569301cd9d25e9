using OnnxTransfer.Onnx;
using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Training;

/// <summary>
/// On a CPU, ONNX Runtime runs convolutions of constant weights in a layout of its own, channels in blocks that fill a register
/// ([N, C / b, H, W, b]), about twice as fast. Weights in training are no constants. Here their convolutions, and those by the same
/// weights turned round that the backward pass consists of, are written as the operators that ONNX Runtime itself would put there
/// (onnxruntime/core/optimizer/nchwc_transformer.cc), the weights brought into its layout ([M / b, C / b, kernel, b, b], inputs before
/// outputs) at every step.
/// </summary>
internal sealed class BlockedConvolutions
{
    private const string Domain = "com.microsoft.nchwc";

    private readonly GraphBuilder _builder;
    private readonly int _block;
    private readonly Dictionary<string, NodeProto> _givers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long[]> _shapes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long[]> _lists;
    private readonly Dictionary<string, string> _blocked = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    private BlockedConvolutions(OnnxModel step, int block)
    {
        (_builder, _block) = (GraphBuilder.Over(step), block);
        foreach (var input in step.Inputs.Where(input => input.ElementType == ElementType.Float && input.Dimensions is { Count: 4 }))
        {
            _shapes[input.Name] = [.. input.Dimensions!];
        }

        _lists = step.Graph.Initializer.Where(t => t.DataType == (int)ElementType.Int64).ToDictionary(t => t.Name, t => TensorData.Longs(t)!, StringComparer.Ordinal);
    }

    /// <summary>Whether there is any convolution in it: without one, the size of a block need not be found.</summary>
    public static bool CanBeIn(OnnxModel step) => step.Graph.Node.Any(node => node.IsStandard("Conv"));

    /// <summary>A step graph with those of its convolutions in blocks that can be; itself where none can.</summary>
    /// <param name="step">Its trainable weights are inputs.</param>
    /// <param name="block">b: 16 or 8, as <see cref="ConvolutionBlock"/> finds.</param>
    public static OnnxModel In(OnnxModel step, int block) => block > 0 ? new BlockedConvolutions(step, block).Run(step) : step;

    private OnnxModel Run(OnnxModel step)
    {
        foreach (var node in _builder.TakeNodes())
        {
            if (WeightsOf(node) is var (weights, isTurned))
            {
                Put(node, weights, isTurned);
            }
            else
            {
                _builder.Put(node);
            }

            foreach (string output in node.Output)
            {
                _givers[output] = node;
            }
        }

        if (_values.Count == 0)
        {
            return step;
        }

        _builder.Import([new OperatorSetIdProto { Domain = Domain, Version = 1 }], step.Proto.IrVersion);
        var model = _builder.Build();
        DropUnread(model);
        return model;
    }

    // The weights turned round in the plain layout are no longer read, nor the shapes they were brought into. Inputs stay, read or not: they are fed.
    private static void DropUnread(OnnxModel model)
    {
        var read = model.Outputs.Select(output => output.Name).ToHashSet(StringComparer.Ordinal);
        for (int i = model.Graph.Node.Count - 1; i >= 0; i--)
        {
            if (model.Graph.Node[i].Output.Any(read.Contains))
            {
                read.UnionWith(model.Graph.Node[i].Input);
            }
            else
            {
                model.Graph.Node.RemoveAt(i);
            }
        }

        foreach (var unread in model.Graph.Initializer.Where(constant => !read.Contains(constant.Name)).ToArray())
        {
            model.Graph.Initializer.Remove(unread);
        }
    }

    // Which weights a convolution is by, and whether they are turned round; null where it stays as it is.
    private (string Name, bool IsTurned)? WeightsOf(NodeProto node)
    {
        if (!node.IsStandard("Conv") || node.Long("group", 1) != 1)
        {
            return null;
        }

        string name = node.Input[1];
        bool isTurned = !_shapes.ContainsKey(name);
        if (isTurned && (name = TurnedFrom(name) ?? "").Length == 0)
        {
            return null;
        }

        return _shapes[name] is [var outputs, var inputs, _, _] && outputs % _block == 0 && inputs % _block == 0 ? (name, isTurned) : null;
    }

    // The weights [M, C, kernel] that ConvGradient turned round, by Reshape [1, M, C, kernel], Transpose, Slice and Reshape.
    private string? TurnedFrom(string name)
    {
        if (Giver(name, "Reshape") is not { } shaped)
        {
            return null;
        }

        var reversed = Giver(shaped.Input[0], "Slice");
        if (Giver((reversed ?? shaped).Input[0], "Transpose") is not { } exchanged || exchanged.Longs("perm") is not [0, 2, 1, 3]
            || Giver(exchanged.Input[0], "Reshape") is not { } split || Listed(split, 1) is not [1, _, _, var kernel]
            || (kernel > 1 ? reversed is null || Listed(reversed, 3) is not [3] || Listed(reversed, 4) is not [-1] : reversed is not null))
        {
            return null;
        }

        return _shapes.ContainsKey(split.Input[0]) ? split.Input[0] : null;
    }

    private long[]? Listed(NodeProto node, int input) => node.Input.Count > input ? _lists.GetValueOrDefault(node.Input[input]) : null;

    private NodeProto? Giver(string tensor, string operation) =>
        _givers.TryGetValue(tensor, out var node) && node.IsStandard(operation) ? node : null;

    private void Put(NodeProto node, string weights, bool isTurned)
    {
        long outputs = _shapes[weights][isTurned ? 1 : 0];
        string blocked = isTurned ? Turned(weights) : Blocked(weights);
        if (!_values.TryGetValue(node.Input[0], out string? values))
        {
            values = _values[node.Input[0]] = Foreign("ReorderInput", [node.Input[0]], _builder.Reserve($"{node.Input[0]}_blocked"));
        }

        var convolved = new NodeProto(node) { Domain = Domain };
        convolved.Input[0] = values;
        convolved.Input[1] = blocked;
        convolved.Output[0] = _builder.Reserve($"{node.Output[0]}_blocked");
        _builder.PutForeign(convolved);
        Foreign("ReorderOutput", [convolved.Output[0]], node.Output[0], new AttributeProto { Name = "channels", Type = AttributeProto.Types.AttributeType.Int, I = outputs });
    }

    // [M, C, kernel] to [M / b, C / b, kernel, b inputs, b outputs]: two moves of whole stretches are faster than one of single values,
    // which ONNX Runtime would make of them, were no Flatten between.
    private string Blocked(string weights)
    {
        if (_blocked.TryGetValue(weights, out string? there))
        {
            return there;
        }

        var (m, c, kernel) = Sizes(weights);
        string front = _builder.Node("Flatten", [Transposed(Shaped(weights, weights, m, _block, c * _block * kernel), weights, 0, 2, 1)], $"{weights}_front");
        string moved = kernel == 1 ? front : Transposed(Shaped(front, weights, m, c, _block, kernel, _block), weights, 0, 1, 3, 2, 4);
        return _blocked[weights] = Shaped(moved, weights, _shapes[weights]);
    }

    // The same of the weights turned round: inputs and outputs exchanged, between and within blocks, the kernel's elements in reverse.
    private string Turned(string weights)
    {
        string key = $"{weights} turned";
        if (_blocked.TryGetValue(key, out string? there))
        {
            return there;
        }

        var (m, c, kernel) = Sizes(weights);
        string within = Transposed(Shaped(Blocked(weights), weights, m * c * kernel, _block, _block), weights, 0, 2, 1);
        string between = Transposed(Shaped(within, weights, m, c, kernel, _block * _block), weights, 1, 0, 2, 3);
        if (kernel > 1)
        {
            between = _builder.Node("Slice", [between, List(-1), List(-kernel - 1), List(2), List(-1)], $"{weights}_turned");
        }

        return _blocked[key] = Shaped(between, weights, [_shapes[weights][1], _shapes[weights][0], .. _shapes[weights].Skip(2)]);
    }

    // Blocks of outputs, blocks of inputs, elements of the kernel.
    private (long Outputs, long Inputs, long Kernel) Sizes(string weights) =>
        (_shapes[weights][0] / _block, _shapes[weights][1] / _block, _shapes[weights][2] * _shapes[weights][3]);

    private string Shaped(string tensor, string hint, params long[] shape) => _builder.Node("Reshape", [tensor, List(shape)], $"{hint}_shaped");

    private string Transposed(string tensor, string hint, params long[] order) => _builder.Node("Transpose", [tensor], $"{hint}_moved", ("perm", order));

    private string List(params long[] values) => _builder.Longs("blocked_list", values, values.Length);

    private string Foreign(string operation, string[] inputs, string output, params AttributeProto[] attributes)
    {
        var node = new NodeProto { OpType = operation, Domain = Domain, Name = output };
        node.Input.AddRange(inputs);
        node.Output.Add(output);
        node.Attribute.AddRange(attributes);
        _builder.PutForeign(node);
        return output;
    }
}
