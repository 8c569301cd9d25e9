namespace OnnxTransfer.Training.Gradients;

/// <summary>y = 1 / (1 + exp(-x)): dx = dy (y - y²).</summary>
internal static class SigmoidGradient
{
    public static string?[] Of(GradientNode node, string gradient)
    {
        string square = node.Add("Mul", [node.Output, node.Output]);
        return [node.Add("Mul", [gradient, node.Add("Sub", [node.Output, square])])];
    }
}
