using OnnxTransfer.Onnx;

namespace OnnxTransfer.Training.Gradients;

/// <summary>
/// Dropout as networks for prediction hold it: y = x, so dx = dy. One that drops (training_mode = 1) would draw anew in every run,
/// by a seed that no checkpoint holds: to train with dropout, multiply with a mask that is fed, as the perceptron's graph does.
/// </summary>
internal static class DropoutGradient
{
    public static string?[] Of(GradientNode node, string gradient)
    {
        if (node.Input(2).Length > 0 && !node.IsAll(node.Input(2), 0))
        {
            throw node.Unsupported(
                "it drops values (training_mode = 1); expected training_mode = 0, which passes them: to drop some, multiply ('Mul') with an input that is fed as a mask");
        }

        return [gradient];
    }
}
