namespace OnnxTransfer.Onnx.Shapes;

/// <summary>Convolutions: [N, C, spatial] with weights [M, C / groups, kernel] gives [N, M, places].</summary>
internal static class ConvolutionRules
{
    public static KnownTensor[] Conv(NodeShapes node)
    {
        var (x, weights) = (node[0], node[1]);
        Check(node, x, weights);
        var groups = node.Attributes.Int("group", 1);
        NodeShapes.Require(groups > 0 && weights.Dims[0] % groups == 0, $"has {groups} groups for {weights.Dims[0]} outputs; expected a divisor");
        NodeShapes.Require(x.Dims[1] % groups == 0 && weights.Dims[1] == x.Dims[1] / groups,
            $"its input {x.Shape} has {x.Dims[1]} channels; expected {(Int128)weights.Dims[1] * groups}, as its weights {weights.Shape} in {groups} {(groups == 1 ? "group" : "groups")} say");
        return [new(x.ElementType, new Window(node, weights.Dims.AsSpan(2)).Slide(x, weights.Dims[0]))];
    }

    private static void Check(NodeShapes node, KnownTensor x, KnownTensor weights)
    {
        NodeShapes.Require(x.Rank >= 3, $"its input has the shape {x.Shape}; expected [N, channels, height, width]");
        NodeShapes.Require(weights.Rank == x.Rank, $"its weights have the shape {weights.Shape}; expected {x.Rank} dimensions, as the input {x.Shape} has");
        var kernel = node.Attributes.Ints("kernel_shape");
        NodeShapes.Require(kernel is null || kernel.AsSpan().SequenceEqual(weights.Dims.AsSpan(2)),
            $"has the kernel_shape [{string.Join(',', kernel?.Take(16) ?? [])}]; expected that of its weights {weights.Shape}");
    }
}
