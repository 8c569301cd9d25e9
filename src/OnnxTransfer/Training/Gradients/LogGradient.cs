namespace OnnxTransfer.Training.Gradients;

/// <summary>y = log(x): dx = dy / x.</summary>
internal static class LogGradient
{
    public static string?[] Of(GradientNode node, string gradient) => [node.Add("Div", [gradient, node.Input(0)])];
}
