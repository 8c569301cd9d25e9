using OnnxTransfer.Onnx;

namespace OnnxTransfer.Training.Gradients;

/// <summary>y = x where x &gt; 0, else alpha (exp(x) - 1): dx = dy or dy (y + alpha).</summary>
internal static class EluGradient
{
    public static string?[] Of(GradientNode node, string gradient)
    {
        string slope = node.Add("Add", [node.Output, node.Number(node.Node.Float("alpha", 1), node.Output)]);
        return [node.Add("Where", [node.IsAbove(node.Input(0), 0), gradient, node.Add("Mul", [gradient, slope])])];
    }
}
