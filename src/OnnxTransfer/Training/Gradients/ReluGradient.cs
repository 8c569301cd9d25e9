namespace OnnxTransfer.Training.Gradients;

/// <summary>y = max(x, 0): dx = dy where y &gt; 0, else 0, at x = 0 as in PyTorch. The sign of y is 1 or 0.</summary>
internal static class ReluGradient
{
    public static string?[] Of(GradientNode node, string gradient) => [node.Add("Mul", [gradient, node.Add("Sign", [node.Output])])];
}
