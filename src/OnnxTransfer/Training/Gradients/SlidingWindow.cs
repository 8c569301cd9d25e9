using OnnxTransfer.Onnx;

namespace OnnxTransfer.Training.Gradients;

/// <summary>The window of a convolution or a pool, its padding in numbers: along each spatial dimension it slides over `Size` values to `Places` places.</summary>
internal sealed record SlidingWindow(long[] Kernel, long[] Strides, long[] Dilations, long[] Begin, long[] End, long[] Size, long[] Places)
{
    /// <summary>Spatial dimensions.</summary>
    public int Rank => Kernel.Length;

    /// <summary>Whether every place is a window of its own, without gaps, overlap or padding.</summary>
    public bool Tiles => Kernel.SequenceEqual(Strides) && Dilations.All(d => d == 1) && Begin.All(b => b == 0) && Places.Zip(Strides, Size).All(p => p.First * p.Second == p.Third);

    /// <summary>Whether every place is a single value: what a convolution by 1 x 1 without strides or padding sees.</summary>
    public bool IsPoint => Tiles && Kernel.All(k => k == 1);

    /// <summary>The window of a convolution or pool.</summary>
    public static SlidingWindow Of(GradientNode node, long[] kernel) => Over(node, kernel, node.Input(0), node.Output, isTransposed: false);

    /// <summary>The window of a transposed convolution, which slides over its output: what it reads are the places.</summary>
    public static SlidingWindow OfTransposed(GradientNode node, long[] kernel)
    {
        long[] padding = List(node, "output_padding", kernel.Length, 0);
        var window = Over(node, kernel, node.Output, node.Input(0), isTransposed: true);
        if (padding.Zip(window.Strides).Any(p => p.First >= p.Second))
        {
            throw node.Unsupported($"its output_padding is [{string.Join(',', padding)}]; expected less than the strides [{string.Join(',', window.Strides)}]");
        }

        if (!node.Node.Has("output_shape") && node.Node.Text("auto_pad", "NOTSET") is "NOTSET" or "")
        {
            return window;
        }

        // Given the output's shape, what is over is cut off both ends; the odd one at the front, but for SAME_UPPER.
        long[] total = [.. Enumerable.Range(0, kernel.Length).Select(i => window.Extent(i) + padding[i] - window.Size[i])];
        if (total.Any(t => t < 0))
        {
            throw node.Unsupported($"its output [{string.Join(',', window.Size)}] is larger than what its windows cover; expected none larger");
        }

        long[] begin = [.. total.Select(t => node.Node.Text("auto_pad", "NOTSET") == "SAME_UPPER" ? t / 2 : t - (t / 2))];
        return window with { Begin = begin, End = [.. total.Zip(begin, (t, b) => t - b)] };
    }

    /// <summary>Values that the windows of all places reach over, along one dimension.</summary>
    public long Extent(int i) => (Strides[i] * (Places[i] - 1)) + (Dilations[i] * (Kernel[i] - 1)) + 1;

    /// <summary>The attributes of the ConvTranspose that spreads places back over the values they were taken from.</summary>
    public (string Name, object Value)[] Spreading(long groups)
    {
        // The padding itself where it can be, as cuDNN wants both ends alike; more behind the end where a pool rounds its places up.
        long[] over = [.. Enumerable.Range(0, Rank).Select(i => Extent(i) - Begin[i] - Size[i])], end = [.. over.Zip(End, Math.Max)];
        return
        [
            ("kernel_shape", Kernel), ("strides", Strides), ("dilations", Dilations), ("group", (int)groups),
            ("pads", (long[])[.. Begin, .. end]), ("output_padding", (long[])[.. end.Zip(over, (e, o) => e - o)]),
        ];
    }

    private static SlidingWindow Over(GradientNode node, long[] kernel, string values, string places, bool isTransposed)
    {
        int rank = kernel.Length;
        long[] size = [.. node.Type(values).Dimensions.Skip(2)], counts = [.. node.Type(places).Dimensions.Skip(2)];
        long[] pads = List(node, "pads", 2 * rank, 0);
        var window = new SlidingWindow(kernel, List(node, "strides", rank, 1), List(node, "dilations", rank, 1), pads[..rank], pads[rank..], size, counts);
        string auto = node.Node.Text("auto_pad", "NOTSET");
        if (auto == "VALID")
        {
            return window with { Begin = new long[rank], End = new long[rank] };
        }

        if (isTransposed || auto is not ("SAME_UPPER" or "SAME_LOWER"))
        {
            return window;
        }

        long[] total = [.. Enumerable.Range(0, rank).Select(i => Math.Max(0, window.Extent(i) - size[i]))];
        long[] begin = [.. total.Select(t => auto == "SAME_UPPER" ? t / 2 : t - (t / 2))];
        return window with { Begin = begin, End = [.. total.Zip(begin, (t, b) => t - b)] };
    }

    private static long[] List(GradientNode node, string name, int length, long absent) =>
        node.Node.Longs(name) is { Length: > 0 } given ? given : [.. Enumerable.Repeat(absent, length)];
}
