namespace OnnxTransfer.Onnx.Shapes;

/// <summary>Resize and its forerunner Upsample: by sizes, or by scales, whose product with a dimension is cut to an integer.</summary>
internal static class ResizeRules
{
    /// <summary>Scales are an attribute in operator set 7, an input in 9.</summary>
    public static KnownTensor[] Upsample(NodeShapes node) => [Scaled(node[0], AllAxes(node[0]),
        node.Proto.Floats("scales") is { } scales ? Array.ConvertAll(scales, s => (double)s) : node.Values(1))];

    /// <summary>Inputs: X, roi, scales, sizes; in operator set 10 just X and scales.</summary>
    public static KnownTensor[] Resize(NodeShapes node)
    {
        var x = node[0];
        if (node.Opset < 11)
        {
            return [Scaled(x, AllAxes(x), node.Values(1))];
        }

        var axes = node.Proto.Longs("axes") is { } given ? NodeShapes.Axes(given, x.Rank) : AllAxes(x);

        // Old exporters give empty scales where sizes hold.
        if (node.Has(2) && node[2].Count > 0)
        {
            NodeShapes.Require(node.Proto.Text("coordinate_transformation_mode", "") != "tf_crop_and_resize", "scales a region of interest; expected sizes with tf_crop_and_resize");
            return [Scaled(x, axes, node.Values(2))];
        }

        return [Sized(x, axes, node.Longs(3), node.Proto.Text("keep_aspect_ratio_policy", "stretch"))];
    }

    private static int[] AllAxes(KnownTensor x) => [.. Enumerable.Range(0, x.Rank)];

    private static KnownTensor Scaled(KnownTensor x, int[] axes, double[] scales)
    {
        NodeShapes.Require(scales.Length == axes.Length && scales.All(s => s > 0), $"has the scales [{string.Join(',', scales.Take(16))}]; expected {axes.Length} above 0");
        long[] dims = [.. x.Dims];
        for (var i = 0; i < axes.Length; i++)
        {
            // In float32, as ONNX Runtime multiplies.
            dims[axes[i]] = checked((long)((float)scales[i] * (float)dims[axes[i]]));
        }

        return new(x.ElementType, dims);
    }

    private static KnownTensor Sized(KnownTensor x, int[] axes, long[] sizes, string policy)
    {
        NodeShapes.Require(sizes.Length == axes.Length, $"has {sizes.Length} sizes; expected {axes.Length}");
        NodeShapes.Require(policy is "stretch" or "not_larger" or "not_smaller", $"has the keep_aspect_ratio_policy '{ShortNames.Of(policy)}'; expected stretch, not_larger or not_smaller");
        long[] dims = [.. x.Dims];
        var ratios = axes.Select((a, i) => (float)sizes[i] / dims[a]).ToArray();
        for (var i = 0; i < axes.Length; i++)
        {
            dims[axes[i]] = policy == "stretch" ? sizes[i]
                : checked((long)MathF.Round((policy == "not_larger" ? ratios.Min() : ratios.Max()) * dims[axes[i]], MidpointRounding.AwayFromZero));
        }

        return new(x.ElementType, dims);
    }
}
