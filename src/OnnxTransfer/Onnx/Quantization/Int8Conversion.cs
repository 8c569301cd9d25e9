using System.Runtime.InteropServices;
using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Onnx.Quantization;

/// <summary>One conversion: every node in its order, bytes and what they stand for after it.</summary>
internal sealed class Int8Conversion
{
    // Weights of 8 bits; of 7, as onnxruntime.quantization's reduce_range.
    private const int Levels = 127;
    private const int ReducedLevels = 64;

    private readonly GraphBuilder _builder;
    private readonly Int8Plan _plan;
    private readonly IReadOnlyDictionary<string, ValueRange> _ranges;
    private readonly Constants _constants;
    private readonly int _levels;

    // By float32 tensor: its bytes, the names of their scale and zero point, and what is read for the bytes.
    private readonly Dictionary<string, Bytes> _bytes = new(StringComparer.Ordinal);

    public Int8Conversion(GraphBuilder builder, Int8Plan plan, IReadOnlyDictionary<string, ValueRange> ranges, bool reduceRange)
    {
        (_builder, _plan, _ranges) = (builder, plan, ranges);
        _constants = new(builder.Graph);
        _levels = reduceRange ? ReducedLevels : Levels;
    }

    public void Run()
    {
        var nodes = _builder.TakeNodes();
        for (var i = 0; i < nodes.Length; i++)
        {
            var (node, end) = (nodes[i], _plan.Ends[i]);
            switch (_plan.Roles[i])
            {
                case Int8Role.Layer:
                    PutLayer(node);
                    Give(node, end);
                    break;
                case Int8Role.BatchNorm:
                    var channels = ToChannelwise(node, _plan.AffineOf(_plan.Model.Graph.Node[i])!);
                    Give(channels, end);
                    break;
                case Int8Role.Join:
                    for (var k = 0; k < node.Input.Count; k++)
                    {
                        node.Input[k] = Read(node.Input[k]).Rounded;
                    }

                    Give(node, end);
                    break;
                case Int8Role.Move:
                    Move(node);
                    break;
                case Int8Role.Stays:
                    _builder.Put(node);
                    break;
            }
        }
    }

    private void PutLayer(NodeProto node)
    {
        var x = Read(node.Input[0]);
        var weights = _constants[node.Input[1]]!;
        var (channels, stride, axis) = Int8Layers.Channels(node, weights);
        var bias = Int8Layers.Bias(node, _constants)!;
        var name = node.Output[0];
        node.Input[0] = x.Rounded;
        Weigh(node, name, TensorData.Floats(weights)!, [.. weights.Dims], channels, stride, axis, bias, x);
    }

    /// <summary>A batch norm as a Conv of one weight a channel, whose own scale makes the byte exact; a ReLU behind it costs nothing.</summary>
    private NodeProto ToChannelwise(NodeProto node, ChannelAffine affine)
    {
        var (x, count) = (Read(node.Input[0]), affine.Scale.Length);
        var conv = new NodeProto { OpType = "Conv", Name = node.Name, Input = { x.Rounded, "" }, Output = { node.Output[0] } };
        conv.Attribute.Add(new AttributeProto { Name = "group", Type = AttributeProto.Types.AttributeType.Int, I = count });
        conv.Attribute.Add(new AttributeProto { Name = "kernel_shape", Type = AttributeProto.Types.AttributeType.Ints, Ints = { 1, 1 } });
        Weigh(conv, node.Output[0], Array.ConvertAll(affine.Scale, s => (float)s), [count, 1, 1, 1], count, 1, 0, affine.Shift, x);
        return conv;
    }

    /// <summary>Gives a node its weights as signed bytes, and its bias in steps of the products' scale.</summary>
    private void Weigh(NodeProto node, string name, float[] weights, long[] dims, int channels, int stride, int axis, double[] bias, Bytes x)
    {
        var signed = SignedWeights.Of(weights, channels, stride, _levels, bias, x.Steps.Scale);
        var scale = _builder.Floats($"{name}_weights_scale", signed.Scales, channels);
        var zero = _builder.Constant($"{name}_weights_zero", ElementType.Int8, new byte[channels], channels);
        node.Input[1] = _builder.Node(
            "DequantizeLinear", [_builder.Constant($"{name}_weights_int8", ElementType.Int8, signed.Bytes, dims), scale, zero], $"{name}_weights", ("axis", axis));
        if (bias.Length == 0)
        {
            return;
        }

        var scales = Array.ConvertAll(signed.Scales, s => s * x.Steps.Scale);
        int[] integers = [.. bias.Select((b, c) => (int)Math.Clamp(Math.Round(b / scales[c]), int.MinValue, int.MaxValue))];
        var given = _builder.Node("DequantizeLinear",
            [_builder.Constant($"{name}_bias_int32", ElementType.Int32, MemoryMarshal.AsBytes<int>(integers), channels), _builder.Floats($"{name}_bias_scale", scales, channels)],
            $"{name}_bias", ("axis", 0));
        if (node.Input.Count > 2)
        {
            node.Input[2] = given;
        }
        else
        {
            node.Input.Add(given);
        }
    }

    /// <summary>Puts a node whose numbers become bytes, under the name of <paramref name="end"/>; where the plan keeps them float32, as it is.</summary>
    private void Give(NodeProto node, string end)
    {
        if (!_plan.IsGiven(end))
        {
            _builder.Put(node);
            return;
        }

        node.Output[0] = _builder.Reserve($"{end}_float");
        _builder.Put(node);
        _bytes[end] = Quantise(end, node.Output[0]) with { Rounded = end };
        Dequantise(_bytes[end]);
    }

    /// <summary>The bytes of a tensor that a node reads; where float32 gives it, made here.</summary>
    private Bytes Read(string tensor)
    {
        if (!_bytes.TryGetValue(tensor, out var bytes))
        {
            _bytes[tensor] = bytes = Quantise(tensor, tensor) with { Rounded = _builder.Reserve($"{tensor}_rounded") };
            Dequantise(bytes);
        }

        return bytes;
    }

    private void Move(NodeProto node)
    {
        var (source, to) = (_bytes[node.Input[0]], node.Output[0]);
        node.Input[0] = source.Tensor;
        node.Output[0] = _builder.Reserve($"{to}_uint8");
        if (node.OpType == "Pad")
        {
            // The byte that stands for 0.
            SetInput(node, 2, source.Zero);
        }

        _builder.Put(node);
        _bytes[to] = source with { Tensor = node.Output[0], Rounded = to };
        Dequantise(_bytes[to]);
    }

    private Bytes Quantise(string tensor, string source)
    {
        var steps = UInt8Steps.Over(_ranges[tensor]);
        var scale = _builder.Floats($"{tensor}_scale", [steps.Scale]);
        var zero = _builder.Constant($"{tensor}_zero", ElementType.UInt8, [steps.ZeroPoint]);
        return new(_builder.Node("QuantizeLinear", [source, scale, zero], $"{tensor}_uint8"), scale, zero, steps, "");
    }

    private void Dequantise(Bytes bytes) =>
        _builder.Put(new NodeProto { OpType = "DequantizeLinear", Input = { bytes.Tensor, bytes.Scale, bytes.Zero }, Output = { bytes.Rounded } });

    private static void SetInput(NodeProto node, int index, string name)
    {
        while (node.Input.Count <= index)
        {
            node.Input.Add("");
        }

        node.Input[index] = name;
    }

    private sealed record Bytes(string Tensor, string Scale, string Zero, UInt8Steps Steps, string Rounded);
}
