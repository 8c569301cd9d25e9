namespace OnnxTransfer.Training.Gradients;

/// <summary>y = 1 / x: dx = -dy y².</summary>
internal static class ReciprocalGradient
{
    public static string?[] Of(GradientNode node, string gradient)
    {
        string square = node.Add("Mul", [node.Output, node.Output]);
        return [node.Add("Neg", [node.Add("Mul", [gradient, square])])];
    }
}
