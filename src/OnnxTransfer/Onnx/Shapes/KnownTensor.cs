namespace OnnxTransfer.Onnx.Shapes;

/// <summary>
/// What is known of a tensor: its type, and of small constants the values, row by row. Values are doubles, which hold the
/// integers of shape arithmetic exactly; the ends of int64, which Slice uses for "to the end", saturate on the way back.
/// </summary>
internal sealed class KnownTensor
{
    /// <summary>Most values that are kept: shapes, axes, pads and scales are short.</summary>
    public const int MostValues = 64;

    /// <summary>Most dimensions: no runtime takes more, and a graph of a few bytes a node must not grow to megabytes.</summary>
    public const int MostDimensions = 32;

    public KnownTensor(ElementType elementType, long[] dims, double[]? values = null)
    {
        Type = new(elementType, dims);
        Dims = dims;
        Values = values?.Length <= MostValues ? values : null;
        if (dims.Length > MostDimensions)
        {
            throw new ShapeException($"has {dims.Length} dimensions; expected at most {MostDimensions}");
        }

        var count = 1L;
        foreach (var dim in dims)
        {
            if (dim < 0 || (dim > 0 && count > (1L << 62) / dim))
            {
                throw new ShapeException($"would have the shape [{string.Join(',', dims)}]; expected no negative dimension and at most 2^62 elements");
            }

            count *= dim;
        }

        Count = count;
    }

    public TensorType Type { get; }

    public long[] Dims { get; }

    public int Rank => Dims.Length;

    public long Count { get; }

    public double[]? Values { get; }

    public ElementType ElementType => Type.ElementType;

    /// <summary>The dimensions for messages.</summary>
    public string Shape => $"[{string.Join(',', Dims)}]";
}
