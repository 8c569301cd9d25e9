using OnnxTransfer.Onnx;

namespace OnnxTransfer.Training.Gradients;

/// <summary>y holds its inputs one behind the other along an axis: each gets its piece of dy.</summary>
internal static class ConcatGradient
{
    public static string?[] Of(GradientNode node, string gradient)
    {
        int axis = node.Axis(node.Node.Long("axis", 0), node.Output);
        var pieces = new string?[node.Node.Input.Count];
        long start = 0;
        for (int i = 0; i < pieces.Length; i++)
        {
            long end = start + node.Type(node.Input(i)).Dimensions[axis];
            pieces[i] = node.Needs(i) ? node.Add("Slice", [gradient, node.List(start), node.List(end), node.List(axis)]) : null;
            start = end;
        }

        return pieces;
    }
}
