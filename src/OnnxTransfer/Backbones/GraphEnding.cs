using OnnxTransfer.Onnx;
using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Backbones;

/// <summary>How a network ends: what its classifier sees and gives.</summary>
/// <param name="Seen">What the classifier sees; the output itself where there is no classifier.</param>
/// <param name="Logits">What it gives, before a softmax; null where there is no classifier.</param>
/// <param name="Squash">The operator that makes probabilities of it; null where none does.</param>
/// <param name="Doubtful">Whether the last layer may as well be one of the features.</param>
internal sealed record GraphEnding(string Seen, string? Logits, string? Squash, bool Doubtful)
{
    /// <summary>Walks back from <paramref name="output"/> over what changes no order of classes, to the layer with weights.</summary>
    public static GraphEnding Find(OnnxModel model, ImageFlow flow, string output, Func<string, int> widthOf)
    {
        var (tensor, logits) = (output, output);
        string? squash = null;
        var activated = false;
        while (flow.Producer(tensor) is { } node && flow.Moving(node) is [var from])
        {
            switch (node.OpType)
            {
                case "Softmax" or "LogSoftmax" or "Sigmoid" when squash is null && !activated:
                    (squash, logits) = (node.OpType, from);
                    break;
                case "Flatten" or "Reshape" or "Squeeze" or "Unsqueeze" or "Identity" or "Cast" or "Dropout" or "Transpose" or "Add":
                    break;
                case "Relu" or "Clip" or "LeakyRelu" or "GlobalAveragePool" or "AveragePool" or "ReduceMean":
                    activated = true;
                    break;
                case "Gemm" or "MatMul":
                case "Conv" when OneByOne(model, node):
                    return IsClassifier(squash, activated, output, widthOf(logits))
                        ? new(BackOver(flow, from), logits, squash, squash is null && (activated || widthOf(logits) % 32 == 0))
                        : new(output, null, null, true);
                default:
                    return new(output, null, null, false);
            }

            tensor = from;
        }

        return new(output, null, null, false);
    }

    /// <summary>
    /// A last layer without softmax may as well be the last of the features. One that an activation follows (SqueezeNet's
    /// classifier, MobileNet's last convolution) is taken for features where its width is a multiple of 32, which numbers
    /// of channels mostly are and numbers of classes (10, 100, 1000, 1001, 21841) are not.
    /// </summary>
    private static bool IsClassifier(string? squash, bool activated, string output, int width) => squash is not null
        || (activated ? width % 32 != 0 : !SaysFeatures(output));

    private static bool SaysFeatures(string output) => new[] { "feat", "embed", "pool", "penultimate" }.Any(word => output.Contains(word, StringComparison.OrdinalIgnoreCase));

    private static bool OneByOne(OnnxModel model, NodeProto node) =>
        new Constants(model.Graph)[node.Input.ElementAtOrDefault(1) ?? ""] is not { Dims: [_, _, not 1, _] or [_, _, _, not 1] };

    private static string BackOver(ImageFlow flow, string tensor)
    {
        while (flow.Producer(tensor) is { OpType: "Dropout" or "Identity" } node)
        {
            tensor = node.Input[0];
        }

        return tensor;
    }
}
