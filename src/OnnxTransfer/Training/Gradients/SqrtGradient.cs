namespace OnnxTransfer.Training.Gradients;

/// <summary>y = √x: dx = dy / 2y.</summary>
internal static class SqrtGradient
{
    public static string?[] Of(GradientNode node, string gradient) => [node.Add("Div", [gradient, node.Add("Add", [node.Output, node.Output])])];
}
