using OnnxTransfer.Onnx;

namespace OnnxTransfer.Training.Gradients;

/// <summary>y = x / |x| along an axis, Euclidean: dx = (dy - y sum(y dy)) / |x|.</summary>
internal static class LpNormalizationGradient
{
    public static string?[] Of(GradientNode node, string gradient)
    {
        if (node.Node.Long("p", 2) is var p and not 2)
        {
            throw node.Unsupported($"it divides by the norm of p = {p}; expected p = 2");
        }

        string x = node.Input(0);
        long axis = node.Node.Long("axis", -1);
        string length = node.Add("Sqrt", [node.SumAlong(node.Add("Mul", [x, x]), axis)]);
        string along = node.SumAlong(node.Add("Mul", [gradient, node.Output]), axis);
        string slope = node.Add("Div", [node.Add("Sub", [gradient, node.Add("Mul", [node.Output, along])]), length]);

        // A row of zeros stays one, whichever way it is moved.
        return [node.Add("Where", [node.Add("Equal", [length, node.Number(0, x)]), node.Number(0, x), slope])];
    }
}
