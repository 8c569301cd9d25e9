namespace OnnxTransfer.Training.Gradients;

/// <summary>
/// y is every s-th element of x along some axes: dx is dy at their places among zeros. Along an axis of n elements taken, dy becomes
/// [n, 1], padded to [n, s], read as n s elements, and padded (or cut) to where they came from.
/// </summary>
internal static class SliceGradient
{
    public static string?[] Of(GradientNode node, string gradient)
    {
        long[] size = [.. node.Type(node.Input(0)).Dimensions], taken = [.. node.Type(node.Output).Dimensions];
        int rank = size.Length;
        long[] first = new long[rank], step = [.. Enumerable.Repeat(1L, rank)];
        long[] starts = node.Longs(node.Input(1));
        long[] axes = node.Input(3).Length > 0 ? node.Longs(node.Input(3)) : [.. Enumerable.Range(0, starts.Length).Select(i => (long)i)];
        long[] steps = node.Input(4).Length > 0 ? node.Longs(node.Input(4)) : [.. starts.Select(_ => 1L)];
        foreach (var (i, named) in axes.Index())
        {
            int axis = node.Axis(named, node.Input(0));
            step[axis] = steps[i];
            first[axis] = Math.Clamp(starts[i] < 0 ? starts[i] + size[axis] : starts[i], 0, Math.Max(0, size[axis] - 1));
        }

        gradient = Forwards(node, gradient, taken, first, step);
        gradient = SpreadOut(node, gradient, taken, step);
        long[] after = [.. Enumerable.Range(0, rank).Select(i => size[i] - first[i] - (taken[i] * step[i]))];
        return [first.Concat(after).All(pad => pad == 0) ? gradient : node.Pad(gradient, [.. first, .. after])];
    }

    // What was taken from the end to the start, turned round; first and step are made those of the way forwards.
    private static string Forwards(GradientNode node, string gradient, long[] taken, long[] first, long[] step)
    {
        long[] turned = [.. Enumerable.Range(0, step.Length).Where(i => step[i] < 0).Select(i => (long)i)];
        foreach (long axis in turned)
        {
            first[axis] += (taken[axis] - 1) * step[axis];
            step[axis] = -step[axis];
        }

        return turned.Length == 0 ? gradient : node.Add(
            "Slice", [gradient, node.List([.. turned.Select(_ => -1L)]), node.List([.. turned.Select(_ => long.MinValue)]), node.List(turned), node.List([.. turned.Select(_ => -1L)])]);
    }

    private static string SpreadOut(GradientNode node, string gradient, long[] taken, long[] step)
    {
        if (step.All(s => s == 1))
        {
            return gradient;
        }

        string parted = node.Add("Reshape", [gradient, node.List([.. taken.SelectMany(n => new[] { n, 1 })])]);
        string padded = node.Pad(parted, [.. new long[2 * step.Length], .. step.SelectMany(s => new[] { 0, s - 1 })]);
        return node.Add("Reshape", [padded, node.List([.. taken.Zip(step, (n, s) => n * s)])]);
    }
}
