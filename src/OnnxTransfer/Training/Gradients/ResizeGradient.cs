using OnnxTransfer.Onnx;

namespace OnnxTransfer.Training.Gradients;

/// <summary>Every element repeated a whole number of times along each axis (mode "nearest"): dx sums dy over its copies.</summary>
internal static class ResizeGradient
{
    public static string?[] Of(GradientNode node, string gradient)
    {
        long[] from = [.. node.Type(node.Input(0)).Dimensions], to = [.. node.Type(node.Output).Dimensions];
        string mode = node.Node.Text("mode", "nearest"), places = node.Node.Text("coordinate_transformation_mode", "half_pixel");
        string rounding = node.Node.Text("nearest_mode", "round_prefer_floor");
        bool repeats = (places, rounding) is ("asymmetric", "floor")
            or ("half_pixel" or "half_pixel_symmetric" or "pytorch_half_pixel", "round_prefer_floor" or "round_prefer_ceil");
        if (mode != "nearest" || !repeats || !from.Zip(to).All(pair => pair.First > 0 && pair.Second % pair.First == 0))
        {
            throw node.Unsupported(
                $"it makes {node.Type(node.Input(0))} into [{string.Join(',', to)}] by mode '{ShortNames.Of(mode)}' ({ShortNames.Of(places)}, {ShortNames.Of(rounding)}); "
                + "expected 'nearest' (half_pixel, or asymmetric with floor) to whole multiples");
        }

        long[] repeated = [.. Enumerable.Range(0, from.Length).Where(i => to[i] > from[i]).Select(i => (2L * i) + 1)];
        string parted = node.Add("Reshape", [gradient, node.List([.. from.Zip(to).SelectMany(pair => new[] { pair.First, pair.Second / pair.First })])]);
        string sums = repeated.Length == 0 ? parted : node.SumAlong(parted, repeated);
        return [node.Add("Reshape", [sums, node.List(from)])];
    }
}
