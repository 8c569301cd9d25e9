namespace OnnxTransfer.Onnx.Shapes;

/// <summary>Operators that only arrange the same elements otherwise.</summary>
internal static class LayoutRules
{
    /// <summary>[a, b, c, d] becomes [a b, c d] for axis 2.</summary>
    public static KnownTensor[] Flatten(NodeShapes node)
    {
        var x = node[0];
        var axis = node.Attributes.Int("axis", 1);
        var split = axis == x.Rank ? x.Rank : NodeShapes.Axis(axis, x.Rank);
        return [new(x.ElementType, [Product(x.Dims.AsSpan(0, split)), Product(x.Dims.AsSpan(split))], x.Values)];
    }

    public static long Product(ReadOnlySpan<long> dims)
    {
        var product = 1L;
        foreach (var dim in dims)
        {
            product = checked(product * dim);
        }

        return product;
    }
}
