using OnnxTransfer.Onnx;

namespace OnnxTransfer.Training.Gradients;

/// <summary>y holds dimension perm[i] of x as its i-th: dx is dy with each put back.</summary>
internal static class TransposeGradient
{
    public static string?[] Of(GradientNode node, string gradient)
    {
        int rank = node.Type(node.Output).Dimensions.Count;
        long[] order = node.Node.Longs("perm") ?? [.. Enumerable.Range(0, rank).Reverse().Select(i => (long)i)];
        long[] back = [.. Enumerable.Range(0, rank).Select(i => (long)Array.IndexOf(order, i))];
        return [node.Add("Transpose", [gradient], ("perm", back))];
    }
}
