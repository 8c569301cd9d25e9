using OnnxTransfer.Onnx;

namespace OnnxTransfer.Training.Gradients;

/// <summary>The sum or the mean along axes: every element summed gets the gradient, of a mean divided by their number.</summary>
internal static class ReductionGradient
{
    public static string?[] OfSum(GradientNode node, string gradient) => [Spread(node, gradient, axesAreInput: true)];

    public static string?[] OfMean(GradientNode node, string gradient)
    {
        double part = (double)node.Type(node.Output).Count / node.Type(node.Input(0)).Count;
        return [Spread(node, node.Add("Mul", [gradient, node.Number(part, node.Output)]), axesAreInput: node.Opset >= 18)];
    }

    private static string Spread(GradientNode node, string gradient, bool axesAreInput)
    {
        var shape = node.Type(node.Input(0)).Dimensions;
        long[] axes = axesAreInput ? (node.Input(1).Length > 0 ? node.Longs(node.Input(1)) : []) : node.Node.Longs("axes") ?? [];
        if (axes.Length == 0 && node.Node.Long("noop_with_empty_axes", 0) != 0)
        {
            return gradient;
        }

        var kept = shape.Select((dim, i) => axes.Length == 0 || axes.Contains(i) || axes.Contains(i - shape.Count) ? 1 : dim);
        if (node.Node.Long("keepdims", 1) == 0)
        {
            gradient = node.Add("Reshape", [gradient, node.List([.. kept])]);
        }

        return node.Add("Expand", [gradient, node.List([.. shape])]);
    }
}
