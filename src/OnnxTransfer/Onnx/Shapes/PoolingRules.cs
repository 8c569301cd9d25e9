namespace OnnxTransfer.Onnx.Shapes;

/// <summary>Pools over [N, C, spatial].</summary>
internal static class PoolingRules
{
    /// <summary>MaxPool's second output is the index of each maximum.</summary>
    public static KnownTensor[] Max(NodeShapes node)
    {
        var pooled = Windowed(node)[0];
        return [pooled, new(ElementType.Int64, pooled.Dims)];
    }

    public static KnownTensor[] Windowed(NodeShapes node)
    {
        var x = Spatial(node);
        var kernel = node.Proto.Longs("kernel_shape") ?? [];
        NodeShapes.Require(kernel.Length == x.Rank - 2, $"has the kernel_shape [{string.Join(',', kernel.Take(16))}]; expected {x.Rank - 2} sizes for the input {x.Shape}");
        return [new(x.ElementType, new Window(node, kernel).Slide(x, x.Dims[1]))];
    }

    public static KnownTensor[] Global(NodeShapes node)
    {
        var x = Spatial(node);
        return [new(x.ElementType, [x.Dims[0], x.Dims[1], .. Enumerable.Repeat(1L, x.Rank - 2)])];
    }

    private static KnownTensor Spatial(NodeShapes node)
    {
        NodeShapes.Require(node[0].Rank >= 3, $"its input has the shape {node[0].Shape}; expected [N, channels, height, width]");
        return node[0];
    }
}
