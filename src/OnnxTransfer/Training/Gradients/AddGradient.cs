namespace OnnxTransfer.Training.Gradients;

/// <summary>y = a + b: both get the gradient, summed where they were broadcast.</summary>
internal static class AddGradient
{
    public static string?[] Of(GradientNode node, string gradient) =>
        [.. new[] { 0, 1 }.Select(i => node.Needs(i) ? node.SumTo(gradient, node.Input(i)) : null)];
}
