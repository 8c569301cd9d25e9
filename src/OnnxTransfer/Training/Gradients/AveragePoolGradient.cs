using OnnxTransfer.Onnx;

namespace OnnxTransfer.Training.Gradients;

/// <summary>The mean of each window: every value of a window gets the gradient divided by the number of values it was a mean of.</summary>
internal static class AveragePoolGradient
{
    public static string?[] Of(GradientNode node, string gradient)
    {
        var x = node.Type(node.Input(0));
        var window = SlidingWindow.Of(node, node.Node.Longs("kernel_shape")!);
        if (node.Node.Text("auto_pad", "NOTSET").StartsWith("SAME", StringComparison.Ordinal) && window.Strides.Zip(window.Kernel).Any(p => p.First > p.Second))
        {
            throw node.Unsupported("it is padded automatically, and its strides are longer than its kernel, which ONNX Runtime places otherwise than ONNX; expected pads");
        }

        if (node.Opset < 19 && node.Node.Long("ceil_mode", 0) != 0 && node.Node.Long("count_include_pad", 0) != 0
            && Enumerable.Range(0, window.Rank).Any(i => window.Extent(i) - window.Begin[i] > window.Size[i] + window.End[i]))
        {
            throw node.Unsupported("its last windows reach beyond the padding that it counts, which before operator set 19 every runtime divides otherwise; expected ceil_mode or count_include_pad of 0");
        }

        string parts = node.Numbers([.. Counts(node, window).Select(count => 1.0 / count)], node.Output, window.Places);
        string shares = node.Add("Mul", [gradient, parts]);
        if (window.Tiles)
        {
            return [Tiled(node, shares, x.Dimensions, window)];
        }

        // Every channel for itself, as an image of one channel.
        shares = node.Add("Reshape", [shares, node.List([x.Dimensions[0] * x.Dimensions[1], 1, .. window.Places])]);
        long values = window.Kernel.Aggregate(1L, (a, b) => a * b);
        string ones = node.Numbers([.. Enumerable.Repeat(1.0, (int)values)], node.Output, [1, 1, .. window.Kernel]);
        return [node.Add("Reshape", [node.Add("ConvTranspose", [shares, ones], window.Spreading(1)), node.List([.. x.Dimensions])])];
    }

    // Each place becomes a block: [N, C, h, w] to [N, C, h, 1, w, 1], to [N, C, h, k, w, k], to [N, C, h k, w k].
    private static string Tiled(GradientNode node, string shares, IReadOnlyList<long> x, SlidingWindow window)
    {
        string apart = node.Add("Reshape", [shares, node.List([x[0], x[1], .. window.Places.SelectMany(places => new[] { places, 1 })])]);
        string blocks = node.Add("Expand", [apart, node.List([x[0], x[1], .. window.Places.Zip(window.Kernel).SelectMany(p => new[] { p.First, p.Second })])]);
        return node.Add("Reshape", [blocks, node.List([.. x])]);
    }

    // What each place is divided by, row by row.
    private static IEnumerable<long> Counts(GradientNode node, SlidingWindow window)
    {
        bool padding = node.Node.Long("count_include_pad", 0) != 0;
        IEnumerable<long> counts = [1];
        for (int i = 0; i < window.Rank; i++)
        {
            int d = i;
            long[] along = [.. Enumerable.Range(0, (int)window.Places[d]).Select(place => Count(place, d))];
            counts = counts.SelectMany(_ => along, (count, next) => count * next);
        }

        return counts;

        long Count(int place, int d)
        {
            long begin = (place * window.Strides[d]) - window.Begin[d], least = padding ? -window.Begin[d] : 0;
            long end = window.Size[d] + (padding ? window.End[d] : 0);
            return Enumerable.Range(0, (int)window.Kernel[d]).Select(k => begin + (k * window.Dilations[d])).LongCount(at => at >= least && at < end);
        }
    }
}
