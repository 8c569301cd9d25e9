namespace OnnxTransfer.Training.Gradients;

/// <summary>The sum or the mean of several inputs: each gets dy, of a mean divided by their number, summed where it was broadcast.</summary>
internal static class SumGradient
{
    public static string?[] Of(GradientNode node, string gradient) =>
        [.. node.Node.Input.Select((input, i) => node.Needs(i) ? node.SumTo(gradient, input) : null)];

    public static string?[] OfMean(GradientNode node, string gradient) =>
        Of(node, node.Add("Mul", [gradient, node.Number(1.0 / node.Node.Input.Count, node.Output)]));
}
