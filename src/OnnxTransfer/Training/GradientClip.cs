using OnnxTransfer.Onnx;

namespace OnnxTransfer.Training;

/// <summary>
/// Gradients shortened to a greatest length, all weights' together (Pascanu et al. 2013): times most / (length + 1e-6) where
/// that is below 1, as torch.nn.utils.clip_grad_norm_ does.
/// </summary>
internal static class GradientClip
{
    /// <summary>Adds the nodes; returns the shortened gradients.</summary>
    public static IReadOnlyList<string> Add(StepScalars scalars, GraphBuilder builder, IReadOnlyList<string> gradients, double most)
    {
        string[] squares = [.. gradients.Select(gradient => builder.Node("ReduceSumSquare", [gradient], "squares", ("keepdims", 0)))];
        string sum = squares.Length == 1 ? squares[0] : builder.Node("Sum", squares, "square_sum");
        string length = builder.Node("Sqrt", [scalars.Wide(sum)], "gradient_length");
        string part = scalars.Add("Div", scalars.Exact(most), scalars.Add("Add", length, scalars.Exact(1e-6)));
        string factor = scalars.Rounded(scalars.Add("Min", part, scalars.Exact(1)));
        return [.. gradients.Select(gradient => scalars.Add("Mul", gradient, factor))];
    }
}
