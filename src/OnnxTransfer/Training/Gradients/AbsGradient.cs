namespace OnnxTransfer.Training.Gradients;

/// <summary>y = |x|: dx = dy times the sign of x, 0 at x = 0 as in PyTorch.</summary>
internal static class AbsGradient
{
    public static string?[] Of(GradientNode node, string gradient) => [node.Add("Mul", [gradient, node.Add("Sign", [node.Input(0)])])];
}
