namespace OnnxTransfer.Training.Gradients;

/// <summary>y = x: dx = dy.</summary>
internal static class IdentityGradient
{
    public static string?[] Of(GradientNode node, string gradient) => [gradient];
}
