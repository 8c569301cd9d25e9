using OnnxTransfer.Onnx;

namespace OnnxTransfer.Training.Gradients;

/// <summary>y is x surrounded by a constant: dx is dy without its border; where x was cut (pads below zero), zeros.</summary>
internal static class PadGradient
{
    public static string?[] Of(GradientNode node, string gradient)
    {
        string mode = node.Node.Text("mode", "constant");
        if (mode != "constant")
        {
            throw node.Unsupported($"it pads by mode '{ShortNames.Of(mode)}'; expected 'constant'");
        }

        if (node.Needs(2))
        {
            throw node.Unsupported("the number it pads with depends on trainable weights; expected a constant");
        }

        int rank = node.Type(node.Output).Dimensions.Count;
        long[] pads = node.Longs(node.Input(1)), all = new long[2 * rank];
        long[] axes = node.Input(3).Length > 0 ? node.Longs(node.Input(3)) : [.. Enumerable.Range(0, rank).Select(i => (long)i)];
        for (int i = 0; i < axes.Length; i++)
        {
            int axis = node.Axis(axes[i], node.Output);
            all[axis] = -pads[i];
            all[axis + rank] = -pads[i + axes.Length];
        }

        return [node.Pad(gradient, all)];
    }
}
