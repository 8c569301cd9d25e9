namespace OnnxTransfer.Training.Gradients;

/// <summary>y = erf(x): dx = dy 2/√π exp(-x²).</summary>
internal static class ErfGradient
{
    public static string?[] Of(GradientNode node, string gradient)
    {
        string x = node.Input(0);
        string bell = node.Add("Exp", [node.Add("Neg", [node.Add("Mul", [x, x])])]);
        return [node.Add("Mul", [gradient, node.Add("Mul", [bell, node.Number(2 / Math.Sqrt(Math.PI), x)])])];
    }
}
