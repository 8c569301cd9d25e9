namespace OnnxTransfer.Training.Gradients;

/// <summary>y = a b: da = dy b, db = dy a, summed where they were broadcast.</summary>
internal static class MulGradient
{
    public static string?[] Of(GradientNode node, string gradient) =>
        [.. new[] { 0, 1 }.Select(i => node.Needs(i) ? node.SumTo(node.Add("Mul", [gradient, node.Input(1 - i)]), node.Input(i)) : null)];
}
