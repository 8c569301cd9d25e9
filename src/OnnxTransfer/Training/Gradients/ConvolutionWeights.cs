namespace OnnxTransfer.Training.Gradients;

/// <summary>
/// The gradient of a convolution's weights: for every place of the kernel, the product of the outputs' gradients with the
/// values that the kernel's place met, over all rows and places at once. With channels last those values are whole rows of
/// channels, so that taking them out is a copy of long stretches.
/// </summary>
internal static class ConvolutionWeights
{
    /// <summary>Adds the gradient [M, C / groups, kernel].</summary>
    /// <param name="node">The convolution.</param>
    /// <param name="values">What the window slides over, [N, C, size].</param>
    /// <param name="gradient">The gradient at its places, [N, M, places].</param>
    /// <param name="batch">N.</param>
    /// <param name="channels">C.</param>
    /// <param name="outputs">M.</param>
    /// <param name="groups">Parts of the channels, each convolved for itself.</param>
    /// <param name="window">Kernel, size and places.</param>
    public static string Gradient(
        GradientNode node, string values, string gradient, long batch, long channels, long outputs, long groups, SlidingWindow window)
    {
        int rank = window.Rank;
        long places = window.Places.Aggregate(batch, (a, b) => a * b), c = channels / groups, m = outputs / groups;

        // [G, N, size, c] and [G, m, N x places]; a single group needs no dimension of its own.
        long[] axes = [.. Enumerable.Range(0, rank).Select(i => (long)i + 2)];
        string last = groups == 1
            ? node.Add("Transpose", [values], ("perm", (long[])[0, .. axes, 1]))
            : node.Add("Transpose", [Reshaped(values, [batch, groups, c, .. window.Size])], ("perm", (long[])[1, 0, .. axes.Select(a => a + 1), 2]));
        string left = groups == 1
            ? Reshaped(node.Add("Transpose", [gradient], ("perm", (long[])[1, 0, .. axes])), [m, places])
            : Reshaped(node.Add("Transpose", [Reshaped(gradient, [batch, groups, m, .. window.Places])], ("perm", (long[])[1, 2, 0, .. axes.Select(a => a + 1)])), [groups, m, places]);
        int first = groups == 1 ? 1 : 2;
        if (window.Begin.Concat(window.End).Any(p => p > 0))
        {
            last = node.Add("Pad", [last, node.List([.. new long[first], .. window.Begin, 0, .. new long[first], .. window.End, 0])]);
        }

        string slid = node.List([.. Enumerable.Range(first, rank).Select(i => (long)i)]), steps = node.List(window.Strides);
        string shape = node.List(groups == 1 ? [places, c] : [groups, places, c]);
        string[] products = [.. Offsets(window).Select(Product)];

        // [kernel, (G,) m, c] to [M, c, kernel].
        long count = products.Length;
        string stacked = count == 1 ? products[0] : node.Add(
            "Transpose", [Reshaped(node.Add("Concat", products, ("axis", 0)), [count, outputs * c])], ("perm", (long[])[1, 0]));
        return Reshaped(stacked, [outputs, c, .. window.Kernel]);

        string Product(long[] offset)
        {
            string met = last;
            long[] ends = [.. offset.Select((o, i) => o + (window.Strides[i] * (window.Places[i] - 1)) + 1)];
            if (!window.IsPoint)
            {
                met = node.Add("Slice", [last, node.List(offset), node.List(ends), slid, steps]);
            }

            string right = node.Add("Reshape", [met, shape]);
            return groups == 1 ? node.Add("Gemm", [left, right]) : node.Add("MatMul", [left, right]);
        }

        string Reshaped(string tensor, long[] to) => node.Add("Reshape", [tensor, node.List(to)]);
    }

    // Where each place of the kernel begins to meet values, in the order of the kernel's elements.
    private static IEnumerable<long[]> Offsets(SlidingWindow window)
    {
        IEnumerable<long[]> offsets = [[]];
        for (int i = 0; i < window.Rank; i++)
        {
            int dimension = i;
            offsets = offsets.SelectMany(o => Enumerable.Range(0, (int)window.Kernel[dimension]), (o, k) => (long[])[.. o, k * window.Dilations[dimension]]);
        }

        return offsets;
    }
}
