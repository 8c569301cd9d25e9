namespace OnnxTransfer.Onnx.Shapes;

/// <summary>Matrix products.</summary>
internal static class MatrixRules
{
    /// <summary>A [m, k] times B [k, n], either transposed first, plus C, which broadcasts to [m, n].</summary>
    public static KnownTensor[] Gemm(NodeShapes node)
    {
        var (a, b) = (node[0], node[1]);
        NodeShapes.Require(a.Rank == 2 && b.Rank == 2, $"its inputs have the shapes {a.Shape} and {b.Shape}; expected two matrices");
        var (m, k) = node.Attributes.Int("transA", 0) != 0 ? (a.Dims[1], a.Dims[0]) : (a.Dims[0], a.Dims[1]);
        var (rows, n) = node.Attributes.Int("transB", 0) != 0 ? (b.Dims[1], b.Dims[0]) : (b.Dims[0], b.Dims[1]);
        NodeShapes.Require(k == rows, $"its input {a.Shape} has {k} columns; expected {rows}, the rows of {b.Shape}");
        return [new(a.ElementType, [m, n])];
    }
}
