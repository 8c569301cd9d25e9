namespace OnnxTransfer.Training.Gradients;

/// <summary>y = tanh(x): dx = dy - dy y².</summary>
internal static class TanhGradient
{
    public static string?[] Of(GradientNode node, string gradient)
    {
        string square = node.Add("Mul", [node.Output, node.Output]);
        return [node.Add("Sub", [gradient, node.Add("Mul", [gradient, square])])];
    }
}
