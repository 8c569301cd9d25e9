namespace OnnxTransfer.Onnx.Shapes;

/// <summary>Normalisations keep the shape; some also give the statistics they used.</summary>
internal static class NormalizationRules
{
    private static readonly string[] Parts = ["scale", "bias", "mean", "variance"];

    /// <summary>Up to operator set 13 the outputs after the first are mean, variance and their saved copies, [C] each.</summary>
    public static KnownTensor[] Batch(NodeShapes node)
    {
        var x = PerChannel(node, parts: 4);
        var statistic = new KnownTensor(node[3].ElementType, node[3].Dims);
        return [new(x.ElementType, x.Dims), statistic, statistic, statistic, statistic];
    }

    public static KnownTensor[] Instance(NodeShapes node)
    {
        var x = PerChannel(node, parts: 2);
        return [new(x.ElementType, x.Dims)];
    }

    /// <summary>Mean and inverse deviation have 1 for each dimension from the axis on.</summary>
    public static KnownTensor[] Layer(NodeShapes node)
    {
        var x = node[0];
        var axis = NodeShapes.Axis(node.Proto.Long("axis", -1), x.Rank);
        for (var i = 1; i < Math.Min(node.Inputs, 3); i++)
        {
            NodeShapes.Require(Broadcast.Of(x, node[i]).AsSpan().SequenceEqual(x.Dims),
                $"its {Parts[i - 1]} has the shape {node[i].Shape}; expected one that broadcasts to the input {x.Shape}");
        }

        var statistic = new KnownTensor(ElementType.Float, [.. x.Dims.Select((d, i) => i < axis ? d : 1)]);
        return [new(x.ElementType, x.Dims), statistic, statistic];
    }

    private static KnownTensor PerChannel(NodeShapes node, int parts)
    {
        var x = node[0];
        NodeShapes.Require(x.Rank >= 2, $"its input has the shape {x.Shape}; expected [N, channels, ...]");
        NodeShapes.Require(node.Proto.Long("spatial", 1) != 0, "normalises each place for itself (spatial 0); expected each channel");
        for (var i = 1; i <= parts; i++)
        {
            NodeShapes.Require(node[i].Dims.AsSpan().SequenceEqual([x.Dims[1]]),
                $"its input {x.Shape} has {x.Dims[1]} channels; expected {node[i].Shape}, as its {Parts[i - 1]} has");
        }

        return x;
    }
}
