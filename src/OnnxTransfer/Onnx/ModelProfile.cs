using OnnxTransfer.Onnx.Shapes;

namespace OnnxTransfer.Onnx;

/// <summary>What a model costs for the batch its shapes were inferred for; numbers beyond 2^63 are cut there.</summary>
/// <param name="Parameters">Numbers in its float weights, a weight that several nodes share counted once.</param>
/// <param name="Macs">
/// Multiply-adds of convolutions and matrix products; all else counts nothing, as in fvcore's FlopCountAnalysis and the
/// GFLOPS column of torchvision's model table.
/// </param>
/// <param name="ActivationBytes">
/// The most bytes that live tensors take at once, weights not counted: nodes run in order, and a tensor lives from the node
/// that computes it to its last reader, an output to the end. Tensors of unknown shape count nothing.
/// </param>
/// <param name="OperatorCounts">How often each operator occurs in the main graph, most frequent first.</param>
/// <param name="Warnings">What will be slow, surprising or is not known: whole sentences.</param>
public sealed record ModelProfile(
    long Parameters, long Macs, long ActivationBytes, IReadOnlyDictionary<string, int> OperatorCounts, IReadOnlyList<string> Warnings)
{
    /// <summary>Profiles a model by what <see cref="TensorShapes.Infer"/> found.</summary>
    public static ModelProfile Of(OnnxModel model, TensorShapes shapes) => new(
        model.ParameterCount,
        model.Graph.Node.Aggregate(0L, (sum, node) => Saturating.Add(sum, MacCount.Of(node, shapes))),
        LiveMemory.Peak(model, shapes),
        model.Operators,
        ModelWarnings.Of(model, shapes));
}
