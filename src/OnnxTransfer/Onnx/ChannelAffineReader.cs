using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Onnx;

/// <summary>
/// Reads the nodes that scale and shift channels by constants: BatchNormalization in its inference form, and Add, Sub, Mul
/// and Div by one number or one number a channel, as Keras and tf2onnx write a batch norm.
/// </summary>
internal sealed class ChannelAffineReader(Constants constants)
{
    /// <summary>Whether the node is a batch norm of the standard operators, in whatever form.</summary>
    public static bool IsBatchNorm(NodeProto node) => node.IsStandard("BatchNormalization");

    /// <summary>
    /// What a node does to the tensor <paramref name="x"/> of <paramref name="rank"/> dimensions, the channels being the
    /// second unless <paramref name="layout"/> says the last; null where it is no such node, would change the tensor's shape,
    /// or its numbers are no constants of <paramref name="type"/>, or, where that is left out, of any real type.
    /// </summary>
    public ChannelAffine? Read(NodeProto node, string x, ElementType? type, int channels, int rank, TensorLayout layout = TensorLayout.Nchw)
    {
        if (IsBatchNorm(node))
        {
            return node.Input.FirstOrDefault() == x ? BatchNorm(node, type, channels) : null;
        }

        if (!node.IsStandard("Add", "Sub", "Mul", "Div") || node.Input.Count != 2)
        {
            return null;
        }

        var first = node.Input[0] == x;
        if (PerChannel(node.Input[first ? 1 : 0], type, channels, rank, layout) is not { } c)
        {
            return null;
        }

        var (zeros, ones) = (new double[channels], ChannelAffine.Identity(channels).Scale);
        return (node.OpType, first) switch
        {
            ("Add", _) => new(ones, c),
            ("Mul", _) => new(c, zeros),
            ("Sub", true) => new(ones, [.. c.Select(v => -v)]),
            ("Sub", false) => new([.. ones.Select(v => -v)], c),
            ("Div", true) => new([.. c.Select(v => 1 / v)], zeros),
            _ => null,
        };
    }

    /// <summary>
    /// What a batch norm does to its first input: scale (x - mean) / sqrt(variance + epsilon) + bias. Null where its numbers
    /// are no constants of <paramref name="type"/>, in training mode, and for statistics per place (spatial = 0, before operator set 9).
    /// </summary>
    private ChannelAffine? BatchNorm(NodeProto node, ElementType? type, int channels)
    {
        if (!IsBatchNorm(node) || node.Input.Count != 5 || node.Output.Skip(1).Any(o => o.Length > 0)
            || node.Long("training_mode", 0) != 0 || node.Long("spatial", 1) == 0)
        {
            return null;
        }

        var numbers = node.Input.Skip(1).Select(name => Numbers(name, type)).ToArray();
        if (numbers.Any(n => n?.Length != channels) || numbers is not [{ } scale, { } bias, { } mean, { } variance])
        {
            return null;
        }

        double epsilon = node.Float("epsilon", 1e-5f);
        double[] factor = [.. scale.Zip(variance, (s, v) => s / Math.Sqrt(v + epsilon))];
        return new(factor, [.. bias.Select((b, c) => b - (factor[c] * mean[c]))]);
    }

    private double[]? Numbers(string name, ElementType? type) =>
        constants[name] is { } tensor && (type is null || (ElementType)tensor.DataType == type) ? TensorData.Doubles(tensor) : null;

    /// <summary>A constant that broadcasts along the channels of <paramref name="rank"/> dimensions alone, one value a channel.</summary>
    private double[]? PerChannel(string name, ElementType? type, int channels, int rank, TensorLayout layout)
    {
        if (Numbers(name, type) is not { } values)
        {
            return null;
        }

        var dims = constants[name]!.Dims;
        var axis = dims.Count - (layout == TensorLayout.Nhwc ? 1 : rank - 1);
        var alongChannels = dims.Count <= rank && dims.Where((_, d) => d != axis).All(d => d == 1);
        return !alongChannels ? null
            : values.Length == channels ? values
            : values.Length == 1 ? [.. Enumerable.Repeat(values[0], channels)]
            : null;
    }
}
