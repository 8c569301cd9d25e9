using OnnxTransfer.Onnx;

namespace OnnxTransfer.Training.Gradients;

/// <summary>y = softmax(x) along an axis: dx = y dy - y sum(y dy).</summary>
internal static class SoftmaxGradient
{
    public static string?[] Of(GradientNode node, string gradient)
    {
        string product = node.Add("Mul", [gradient, node.Output]);
        string sum = node.SumAlong(product, node.Node.Long("axis", -1));
        return [node.Add("Sub", [product, node.Add("Mul", [node.Output, sum])])];
    }
}
