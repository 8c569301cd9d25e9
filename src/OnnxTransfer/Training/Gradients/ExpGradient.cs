namespace OnnxTransfer.Training.Gradients;

/// <summary>y = exp(x): dx = dy y.</summary>
internal static class ExpGradient
{
    public static string?[] Of(GradientNode node, string gradient) => [node.Add("Mul", [gradient, node.Output])];
}
