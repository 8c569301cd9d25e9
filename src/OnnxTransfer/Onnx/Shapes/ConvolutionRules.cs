namespace OnnxTransfer.Onnx.Shapes;

/// <summary>Convolutions: [N, C, spatial] with weights [M, C / groups, kernel] gives [N, M, places].</summary>
internal static class ConvolutionRules
{
    public static KnownTensor[] Conv(NodeShapes node) => [Convolved(node, node[1], node.Has(2) ? node[2] : null, node[0].ElementType)];

    public static KnownTensor[] Integer(NodeShapes node) => [Convolved(node, node[1], null, ElementType.Int32)];

    /// <summary>Input 3 are the weights, 7 the zero point, whose type the output has, 8 the bias.</summary>
    public static KnownTensor[] Quantized(NodeShapes node) => [Convolved(node, node[3], node.Has(8) ? node[8] : null, node[7].ElementType)];

    /// <summary>Weights [C, M / groups, kernel]; each input place is spread over a window, and windows overlap.</summary>
    public static KnownTensor[] Transposed(NodeShapes node)
    {
        var (x, weights) = (node[0], node[1]);
        Check(node, x, weights);
        var groups = node.Proto.Long("group", 1);
        NodeShapes.Require(groups > 0 && x.Dims[1] % groups == 0, $"has {groups} groups for {x.Dims[1]} channels; expected a divisor");
        NodeShapes.Require(weights.Dims[0] == x.Dims[1], $"its input {x.Shape} has {x.Dims[1]} channels; expected {weights.Dims[0]}, as its weights {weights.Shape} say");
        var channels = checked(weights.Dims[1] * groups);
        Biased(node.Has(2) ? node[2] : null, channels);
        return [new(x.ElementType, new Window(node, weights.Dims.AsSpan(2)).Spread(node, x, channels))];
    }

    private static KnownTensor Convolved(NodeShapes node, KnownTensor weights, KnownTensor? bias, ElementType type)
    {
        var x = node[0];
        Check(node, x, weights);
        var groups = node.Proto.Long("group", 1);
        NodeShapes.Require(groups > 0 && weights.Dims[0] % groups == 0, $"has {groups} groups for {weights.Dims[0]} outputs; expected a divisor");
        NodeShapes.Require(x.Dims[1] % groups == 0 && weights.Dims[1] == x.Dims[1] / groups,
            $"its input {x.Shape} has {x.Dims[1]} channels; expected {(Int128)weights.Dims[1] * groups}, as its weights {weights.Shape} in {groups} {(groups == 1 ? "group" : "groups")} say");
        Biased(bias, weights.Dims[0]);
        return new(type, new Window(node, weights.Dims.AsSpan(2)).Slide(x, weights.Dims[0]));
    }

    private static void Check(NodeShapes node, KnownTensor x, KnownTensor weights)
    {
        NodeShapes.Require(x.Rank >= 3, $"its input has the shape {x.Shape}; expected [N, channels, height, width]");
        NodeShapes.Require(weights.Rank == x.Rank, $"its weights have the shape {weights.Shape}; expected {x.Rank} dimensions, as the input {x.Shape} has");
        var kernel = node.Proto.Longs("kernel_shape");
        NodeShapes.Require(kernel is null || kernel.AsSpan().SequenceEqual(weights.Dims.AsSpan(2)),
            $"has the kernel_shape [{string.Join(',', kernel?.Take(16) ?? [])}]; expected that of its weights {weights.Shape}");
    }

    private static void Biased(KnownTensor? bias, long channels) =>
        NodeShapes.Require(bias is null || bias.Dims.AsSpan().SequenceEqual([channels]), $"its bias has the shape {bias?.Shape}; expected [{channels}]");
}
