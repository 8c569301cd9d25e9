using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Onnx.Shapes;

/// <summary>Tensors that stand in the file or follow from shapes alone.</summary>
internal static class ConstantRules
{
    /// <summary>Type and, where short, values of a tensor of the file.</summary>
    public static KnownTensor Of(TensorProto tensor)
    {
        var type = (ElementType)tensor.DataType;
        var known = new KnownTensor(type, [.. tensor.Dims]);
        return known.Count <= KnownTensor.MostValues ? new(type, known.Dims, Values(tensor)) : known;
    }

    public static KnownTensor[] Constant(NodeShapes node)
    {
        var attributes = node.Proto;
        if (attributes.Tensor("value") is { } tensor)
        {
            return [Of(tensor)];
        }

        if (attributes.Longs("value_ints") is { } longs)
        {
            return [Vector(ElementType.Int64, Array.ConvertAll(longs, v => (double)v))];
        }

        if (attributes.Floats("value_floats") is { } floats)
        {
            return [Vector(ElementType.Float, Array.ConvertAll(floats, v => (double)v))];
        }

        NodeShapes.Require(attributes.Has("value_int") || attributes.Has("value_float"), "has no numbers; expected a value, value_int, value_ints, value_float or value_floats");
        return attributes.Has("value_int")
            ? [new(ElementType.Int64, [], [attributes.Long("value_int", 0)])]
            : [new(ElementType.Float, [], [attributes.Float("value_float", 0)])];
    }

    /// <summary>The dimensions of the input, from start to end.</summary>
    public static KnownTensor[] Shape(NodeShapes node)
    {
        var dims = node[0].Dims;
        int Place(long i) => (int)Math.Clamp(i < 0 ? i + dims.Length : i, 0, dims.Length);
        var start = Place(node.Proto.Long("start", 0));
        var end = Math.Max(start, Place(node.Proto.Long("end", dims.Length)));
        return [Vector(ElementType.Int64, Array.ConvertAll(dims[start..end], d => (double)d))];
    }

    public static KnownTensor[] Size(NodeShapes node) => [new(ElementType.Int64, [], [node[0].Count])];

    public static KnownTensor[] OfShape(NodeShapes node)
    {
        var dims = node.Longs(0);
        var value = node.Proto.Tensor("value") is { } tensor ? Of(tensor) : new(ElementType.Float, [1], [0]);
        NodeShapes.Require(value.Count == 1, $"fills with a value of the shape {value.Shape}; expected one number");
        return [new(value.ElementType, dims, Rearranged.Of(value, dims, _ => new long[value.Rank]))];
    }

    /// <summary>start, start + delta, ... below limit.</summary>
    public static KnownTensor[] Range(NodeShapes node)
    {
        var (start, limit, delta) = (node.Values(0), node.Values(1), node.Values(2));
        NodeShapes.Require(start.Length == 1 && limit.Length == 1 && delta is [not 0], "has start, limit and delta of other shapes; expected three numbers, delta not 0");
        var count = Math.Max(0, Math.Ceiling((limit[0] - start[0]) / delta[0]));
        NodeShapes.Require(count <= 1L << 62, $"counts {count} numbers; expected at most 2^62");
        var values = count > KnownTensor.MostValues ? null : Enumerable.Range(0, (int)count).Select(i => ElementMath.Rounded(node[0].ElementType, start[0] + (i * delta[0]))).ToArray();
        return [new(node[0].ElementType, [(long)count], values)];
    }

    private static KnownTensor Vector(ElementType type, double[] values) => new(type, [values.Length], values);

    private static double[]? Values(TensorProto tensor) => TensorData.Longs(tensor) is { } longs ? Array.ConvertAll(longs, v => (double)v)
        : TensorData.Floats(tensor) is { } floats ? Array.ConvertAll(floats, v => (double)v)
        : (ElementType)tensor.DataType == ElementType.Bool && Truths(tensor) is { } truths && truths.Length == TensorData.Count(tensor) ? truths : null;

    private static double[] Truths(TensorProto tensor) => tensor.Int32Data.Count > 0
        ? [.. tensor.Int32Data.Select(v => v == 0 ? 0.0 : 1)]
        : [.. tensor.RawData.Select(v => v == 0 ? 0.0 : 1)];
}
