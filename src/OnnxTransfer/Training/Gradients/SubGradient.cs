namespace OnnxTransfer.Training.Gradients;

/// <summary>y = a - b: a as for a sum, b with its sign turned.</summary>
internal static class SubGradient
{
    public static string?[] Of(GradientNode node, string gradient) =>
    [
        node.Needs(0) ? node.SumTo(gradient, node.Input(0)) : null,
        node.Needs(1) ? node.Add("Neg", [node.SumTo(gradient, node.Input(1))]) : null,
    ];
}
