namespace OnnxTransfer.Training.Gradients;

/// <summary>y is x broadcast to a shape: dx is the sum of dy over all places it was copied to.</summary>
internal static class ExpandGradient
{
    public static string?[] Of(GradientNode node, string gradient) => [node.SumTo(gradient, node.Input(0))];
}
