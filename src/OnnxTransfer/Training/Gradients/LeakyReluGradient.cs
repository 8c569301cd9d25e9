using OnnxTransfer.Onnx;

namespace OnnxTransfer.Training.Gradients;

/// <summary>y = x where x &gt; 0, else alpha x: dx = dy or alpha dy, the latter at x = 0 as in PyTorch.</summary>
internal static class LeakyReluGradient
{
    public static string?[] Of(GradientNode node, string gradient)
    {
        string scaled = node.Add("Mul", [gradient, node.Number(node.Node.Float("alpha", 0.01f), node.Output)]);
        return [node.Add("Where", [node.IsAbove(node.Input(0), 0), gradient, scaled])];
    }
}
