using OnnxTransfer.Onnx;

namespace OnnxTransfer.Training.Gradients;

/// <summary>
/// y = x Φ(x) for the normal distribution Φ: dx = dy (Φ(x) + x φ(x)); or, with approximate = "tanh", y = x (1 + t) / 2 for
/// t = tanh(√(2/π) (x + 0.044715 x³)): dx = dy ((1 + t) / 2 + x (1 - t²) √(2/π) (1 + 0.134145 x²) / 2) (Hendrycks and Gimpel 2016).
/// </summary>
internal static class GeluGradient
{
    private const double Cubic = 0.044715;

    public static string?[] Of(GradientNode node, string gradient)
    {
        string x = node.Input(0);
        return [node.Add("Mul", [gradient, node.Node.Text("approximate", "none") == "tanh" ? OfTanh(node, x) : Exact(node, x)])];
    }

    private static string Exact(GradientNode node, string x)
    {
        string error = node.Add("Erf", [Scaled(node, x, Math.Sqrt(0.5))]);
        string bell = node.Add("Exp", [Scaled(node, node.Add("Mul", [x, x]), -0.5)]);
        return node.Add("Add", [Half(node, error), node.Add("Mul", [x, Scaled(node, bell, 1 / Math.Sqrt(2 * Math.PI))])]);
    }

    private static string OfTanh(GradientNode node, string x)
    {
        double root = Math.Sqrt(2 / Math.PI);
        string square = node.Add("Mul", [x, x]);
        string inner = node.Add("Mul", [x, Line(node, square, root * Cubic, root)]);
        string t = node.Add("Tanh", [inner]);
        string slope = Line(node, node.Add("Mul", [t, t]), -0.5, 0.5);
        return node.Add("Add", [Half(node, t), node.Add("Mul", [node.Add("Mul", [x, slope]), Line(node, square, 3 * root * Cubic, root)])]);
    }

    private static string Half(GradientNode node, string tensor) => Line(node, tensor, 0.5, 0.5);

    private static string Line(GradientNode node, string tensor, double slope, double start) =>
        node.Add("Add", [Scaled(node, tensor, slope), node.Number(start, node.Output)]);

    private static string Scaled(GradientNode node, string tensor, double by) => node.Add("Mul", [tensor, node.Number(by, node.Output)]);
}
