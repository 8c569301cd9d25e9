using OnnxTransfer.Onnx;

namespace OnnxTransfer.Training.Gradients;

/// <summary>y = log(softmax(x)) along an axis: dx = dy - exp(y) sum(dy).</summary>
internal static class LogSoftmaxGradient
{
    public static string?[] Of(GradientNode node, string gradient)
    {
        string sum = node.SumAlong(gradient, node.Node.Long("axis", -1));
        return [node.Add("Sub", [gradient, node.Add("Mul", [node.Add("Exp", [node.Output]), sum])])];
    }
}
