namespace OnnxTransfer.Onnx.Shapes;

/// <summary>Matrix products.</summary>
internal static class MatrixRules
{
    /// <summary>A [m, k] times B [k, n], either transposed first, plus C, which broadcasts to [m, n].</summary>
    public static KnownTensor[] Gemm(NodeShapes node)
    {
        var (a, b) = (node[0], node[1]);
        NodeShapes.Require(a.Rank == 2 && b.Rank == 2, $"its inputs have the shapes {a.Shape} and {b.Shape}; expected two matrices");
        var (m, k) = node.Proto.Long("transA", 0) != 0 ? (a.Dims[1], a.Dims[0]) : (a.Dims[0], a.Dims[1]);
        var (rows, n) = node.Proto.Long("transB", 0) != 0 ? (b.Dims[1], b.Dims[0]) : (b.Dims[0], b.Dims[1]);
        NodeShapes.Require(k == rows, $"its input {a.Shape} has {k} columns; expected {rows}, the rows of {b.Shape}");
        var y = new KnownTensor(a.ElementType, [m, n]);
        NodeShapes.Require(!node.Has(2) || Broadcast.Of(y, node[2]).AsSpan().SequenceEqual(y.Dims), $"adds {(node.Has(2) ? node[2].Shape : "")}; expected a shape that broadcasts to {y.Shape}");
        return [y];
    }

    public static KnownTensor[] MatMul(NodeShapes node) => [new(node[0].ElementType, Multiplied(node[0], node[1]))];

    public static KnownTensor[] Integer(NodeShapes node) => [new(ElementType.Int32, Multiplied(node[0], node[1]))];

    /// <summary>Input 3 is B, 7 the zero point, whose type the output has.</summary>
    public static KnownTensor[] Quantized(NodeShapes node) => [new(node[7].ElementType, Multiplied(node[0], node[3]))];

    /// <summary>As NumPy's matmul: the last two dimensions are matrices, those before broadcast; a vector gets a 1, which goes again.</summary>
    private static long[] Multiplied(KnownTensor a, KnownTensor b)
    {
        NodeShapes.Require(a.Rank > 0 && b.Rank > 0, $"its inputs have the shapes {a.Shape} and {b.Shape}; expected no scalar");
        long[] left = a.Rank == 1 ? [1, a.Dims[0]] : a.Dims;
        long[] right = b.Rank == 1 ? [b.Dims[0], 1] : b.Dims;
        NodeShapes.Require(left[^1] == right[^2], $"its input {a.Shape} has {left[^1]} columns; expected {right[^2]}, the rows of {b.Shape}");
        var stack = Broadcast.Of(new KnownTensor(a.ElementType, left[..^2]), new KnownTensor(b.ElementType, right[..^2]));
        return [.. stack, .. a.Rank == 1 ? [] : left[^2..^1], .. b.Rank == 1 ? [] : right[^1..]];
    }
}
