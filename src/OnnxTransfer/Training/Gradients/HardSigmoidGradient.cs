using OnnxTransfer.Onnx;

namespace OnnxTransfer.Training.Gradients;

/// <summary>y = alpha x + beta held between 0 and 1: dx = alpha dy between them, else 0.</summary>
internal static class HardSigmoidGradient
{
    public static string?[] Of(GradientNode node, string gradient)
    {
        string y = node.Output, zero = node.Number(0, y);
        string inside = node.Add("And", [node.IsAbove(y, 0), node.Add("Less", [y, node.Number(1, y)])]);
        string scaled = node.Add("Mul", [gradient, node.Number(node.Node.Float("alpha", 0.2f), y)]);
        return [node.Add("Where", [inside, scaled, zero])];
    }
}
