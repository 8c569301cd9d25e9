using OnnxTransfer.Onnx;

namespace OnnxTransfer.Training.Gradients;

/// <summary>The outputs are pieces of x along an axis: dx is their gradients one behind the other.</summary>
internal static class SplitGradient
{
    public static string?[] Of(GradientNode node, string gradient)
    {
        int axis = node.Axis(node.Node.Long("axis", 0), node.Input(0));
        string[] pieces = [.. Enumerable.Range(0, node.Node.Output.Count).Select(node.GradientOf)];
        return [node.Add("Concat", pieces, ("axis", axis))];
    }
}
