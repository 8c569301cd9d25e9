using OnnxTransfer.Numerics;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Heads;

/// <summary>What an <see cref="Activation"/> is in memory and in a graph.</summary>
internal static class Activations
{
    /// <summary>Applies it to the k outputs of a row, in place.</summary>
    public static void Apply(this Activation activation, Span<float> outputs)
    {
        switch (activation)
        {
            case Activation.Softmax:
                Softmax.Apply(outputs);
                break;
            case Activation.Sigmoid:
                Softmax.ApplyEach(outputs);
                break;
            case Activation.Exponential:
                for (int c = 0; c < outputs.Length; c++)
                {
                    outputs[c] = (float)Math.Exp(outputs[c]);
                }

                break;
        }
    }

    /// <summary>The output's name in a head's ONNX model, and how it is made from scores.</summary>
    public static (string Name, HeadOutput Kind) Output(this Activation activation) => activation switch
    {
        Activation.Softmax => (IHead.ProbabilitiesName, HeadOutput.Probabilities),
        Activation.Sigmoid => (IHead.ProbabilitiesName, HeadOutput.Labels),
        Activation.Exponential => (IHead.ValueName, HeadOutput.Exponential),
        _ => (IHead.ValueName, HeadOutput.Value),
    };
}
