namespace OnnxTransfer.Training.Gradients;

/// <summary>y = -x: dx = -dy.</summary>
internal static class NegGradient
{
    public static string?[] Of(GradientNode node, string gradient) => [node.Add("Neg", [gradient])];
}
