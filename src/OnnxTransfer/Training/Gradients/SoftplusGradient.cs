namespace OnnxTransfer.Training.Gradients;

/// <summary>y = log(1 + exp(x)): dx = dy sigmoid(x).</summary>
internal static class SoftplusGradient
{
    public static string?[] Of(GradientNode node, string gradient) => [node.Add("Mul", [gradient, node.Add("Sigmoid", [node.Input(0)])])];
}
