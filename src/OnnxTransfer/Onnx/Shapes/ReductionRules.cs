namespace OnnxTransfer.Onnx.Shapes;

/// <summary>Operators that make one element of all along some axes.</summary>
internal static class ReductionRules
{
    /// <summary>Without axes, all are reduced, or none where noop_with_empty_axes says so.</summary>
    public static KnownTensor[] Reduce(NodeShapes node)
    {
        var x = node[0];
        var given = node.LongsOf("axes", 1) ?? [];
        var axes = given.Length > 0 ? NodeShapes.Axes(given, x.Rank)
            : node.Proto.Long("noop_with_empty_axes", 0) != 0 ? [] : [.. Enumerable.Range(0, x.Rank)];
        var dims = Reduced(x, axes, node.Proto.Long("keepdims", 1) != 0);

        // Shapes are vectors, and what is made of them is one number.
        return [new(x.ElementType, dims, x.Rank == 1 && axes.Length == 1 && x.Values is { Length: > 0 } values ? One(node.Operator, x.ElementType, values) : null)];
    }

    public static KnownTensor[] Arg(NodeShapes node)
    {
        var axis = NodeShapes.Axis(node.Proto.Long("axis", 0), node[0].Rank);
        return [new(ElementType.Int64, Reduced(node[0], [axis], node.Proto.Long("keepdims", 1) != 0))];
    }

    private static long[] Reduced(KnownTensor x, int[] axes, bool keep) => keep
        ? [.. x.Dims.Select((d, i) => axes.Contains(i) ? 1 : d)]
        : [.. x.Dims.Where((_, i) => !axes.Contains(i))];

    private static double[]? One(string operation, ElementType type, double[] values) => operation switch
    {
        "ReduceProd" => [ElementMath.Rounded(type, values.Aggregate(1.0, (a, b) => a * b))],
        "ReduceSum" => [ElementMath.Rounded(type, values.Sum())],
        "ReduceMax" => [values.Max()],
        "ReduceMin" => [values.Min()],
        _ => null,
    };
}
