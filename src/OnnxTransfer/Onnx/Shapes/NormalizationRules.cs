namespace OnnxTransfer.Onnx.Shapes;

/// <summary>Normalisations keep the shape; some also give the statistics they used.</summary>
internal static class NormalizationRules
{
    /// <summary>Up to operator set 14 the outputs after the first are mean, variance and their saved copies, [C] each.</summary>
    public static KnownTensor[] Batch(NodeShapes node)
    {
        var x = node[0];
        NodeShapes.Require(x.Rank >= 2, $"its input has the shape {x.Shape}; expected [N, channels, ...]");
        for (var i = 1; i <= 4; i++)
        {
            NodeShapes.Require(node[i].Dims.AsSpan().SequenceEqual([x.Dims[1]]),
                $"its input {x.Shape} has {x.Dims[1]} channels; expected {node[i].Shape}, as its {Parts[i - 1]} has");
        }

        var statistic = new KnownTensor(node[3].ElementType, node[3].Dims);
        return [new(x.ElementType, x.Dims), statistic, statistic, statistic, statistic];
    }

    private static readonly string[] Parts = ["scale", "bias", "mean", "variance"];
}
