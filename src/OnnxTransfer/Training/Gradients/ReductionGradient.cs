using OnnxTransfer.Onnx;

namespace OnnxTransfer.Training.Gradients;

/// <summary>The sum or the mean along axes: every element summed gets the gradient, of a mean divided by their number.</summary>
internal static class ReductionGradient
{
    public static string?[] OfSum(GradientNode node, string gradient) => [Spread(node, gradient)];

    public static string?[] OfMean(GradientNode node, string gradient)
    {
        double part = (double)node.Type(node.Output).Count / node.Type(node.Input(0)).Count;
        return [Spread(node, node.Add("Mul", [gradient, node.Number(part, node.Output)]))];
    }

    /// <summary>The axes that a node reduces, none below zero.</summary>
    public static long[] Axes(GradientNode node)
    {
        int rank = node.Type(node.Input(0)).Dimensions.Count;
        long[] axes = node.Node.Longs("axes") ?? (node.Input(1).Length > 0 ? node.Longs(node.Input(1)) : []);
        return axes.Length > 0 ? [.. axes.Select(axis => (long)node.Axis(axis, node.Input(0)))]
            : node.Node.Long("noop_with_empty_axes", 0) != 0 ? [] : [.. Enumerable.Range(0, rank).Select(i => (long)i)];
    }

    /// <summary>A tensor of the reduction's output shape, with its axes as dimensions of 1.</summary>
    public static string Kept(GradientNode node, string tensor)
    {
        if (node.Node.Long("keepdims", 1) != 0)
        {
            return tensor;
        }

        long[] axes = Axes(node);
        return node.Add("Reshape", [tensor, node.List([.. node.Type(node.Input(0)).Dimensions.Select((dim, i) => axes.Contains(i) ? 1 : dim)])]);
    }

    /// <summary>A tensor of the reduction's output shape, copied to every element that was reduced.</summary>
    public static string Spread(GradientNode node, string tensor) =>
        Axes(node).Length == 0 ? tensor : node.Add("Expand", [Kept(node, tensor), node.List([.. node.Type(node.Input(0)).Dimensions])]);
}
