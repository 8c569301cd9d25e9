using OnnxTransfer.Onnx;

namespace OnnxTransfer.Training.Gradients;

/// <summary>
/// A transposed convolution is what takes a convolution's gradient to its input's, so its own gradients are that
/// convolution: dx = dy * W, and dW as <see cref="ConvolutionWeights"/> with the parts of x and dy exchanged.
/// </summary>
internal static class ConvTransposeGradient
{
    public static string?[] Of(GradientNode node, string gradient)
    {
        var (y, weights) = (node.Type(node.Output).Dimensions, node.Type(node.Input(1)).Dimensions);
        long groups = node.Node.Long("group", 1);
        var window = SlidingWindow.OfTransposed(node, [.. weights.Skip(2)]);
        return
        [
            node.Needs(0) ? OfInput(node, gradient, groups, window) : null,
            node.Needs(1) ? ConvolutionWeights.Gradient(node, gradient, node.Input(0), y[1], weights[0], groups, window) : null,
            node.Needs(2) ? ConvGradient.OfBias(node, gradient) : null,
        ];
    }

    private static string OfInput(GradientNode node, string gradient, long groups, SlidingWindow window) => node.Add(
        "Conv",
        [gradient, node.Input(1)],
        ("kernel_shape", window.Kernel),
        ("strides", window.Strides),
        ("dilations", window.Dilations),
        ("pads", (long[])[.. window.Begin, .. window.End]),
        ("group", (int)groups));
}
