using OnnxTransfer.Onnx;

namespace OnnxTransfer.Training.Gradients;

/// <summary>
/// y = x * W + b: dx is dy convolved with the kernel turned round and its channels exchanged, or, where the window moves by
/// more than one, dy spread by ConvTranspose; dW see <see cref="ConvolutionWeights"/>; db the sum over rows and places.
/// </summary>
internal static class ConvGradient
{
    public static string?[] Of(GradientNode node, string gradient)
    {
        var (x, weights) = (node.Type(node.Input(0)).Dimensions, node.Type(node.Input(1)).Dimensions);
        long groups = node.Node.Long("group", 1);
        var window = SlidingWindow.Of(node, [.. weights.Skip(2)]);
        return
        [
            node.Needs(0) ? OfInput(node, gradient, weights, groups, window) : null,
            node.Needs(1) ? ConvolutionWeights.Gradient(node, node.Input(0), gradient, x[1], weights[0], groups, window) : null,
            node.Needs(2) ? OfBias(node, gradient) : null,
        ];
    }

    /// <summary>The gradient [M] of a bias added to [N, M, places].</summary>
    public static string OfBias(GradientNode node, string gradient)
    {
        long[] axes = [.. Enumerable.Range(0, node.Type(node.Output).Dimensions.Count).Where(axis => axis != 1).Select(axis => (long)axis)];
        return node.Add("ReduceSum", [gradient, node.List(axes)], ("keepdims", 0));
    }

    private static string OfInput(GradientNode node, string gradient, IReadOnlyList<long> weights, long groups, SlidingWindow window)
    {
        long[] begin = [.. Enumerable.Range(0, window.Rank).Select(i => (window.Dilations[i] * (window.Kernel[i] - 1)) - window.Begin[i])];
        long[] end = [.. Enumerable.Range(0, window.Rank).Select(i => window.Size[i] - window.Places[i] + (window.Dilations[i] * (window.Kernel[i] - 1)) - begin[i])];
        if (window.Strides.Any(s => s > 1) || begin.Concat(end).Any(p => p < 0))
        {
            return node.Add("ConvTranspose", [gradient, node.Input(1)], window.Spreading(groups));
        }

        return node.Add(
            "Conv",
            [gradient, Turned(node, weights, groups)],
            ("kernel_shape", window.Kernel),
            ("dilations", window.Dilations),
            ("pads", (long[])[.. begin, .. end]),
            ("group", (int)groups));
    }

    // [G m, c, kernel] to [G c, m, kernel], the kernel's elements in reverse.
    private static string Turned(GradientNode node, IReadOnlyList<long> weights, long groups)
    {
        long kernel = weights.Skip(2).Aggregate(1L, (a, b) => a * b), m = weights[0] / groups, c = weights[1];
        string turned = node.Add("Reshape", [node.Input(1), node.List(groups, m, c, kernel)]);
        turned = node.Add("Transpose", [turned], ("perm", new long[] { 0, 2, 1, 3 }));
        if (kernel > 1)
        {
            turned = node.Add("Slice", [turned, node.List(-1), node.List(-kernel - 1), node.List(3), node.List(-1)]);
        }

        return node.Add("Reshape", [turned, node.List([groups * c, m, .. weights.Skip(2)])]);
    }
}
