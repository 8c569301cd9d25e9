using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Onnx.Shapes;

/// <summary>What makes a model slow, surprising or only partly known, each a whole sentence.</summary>
internal static class ModelWarnings
{
    // One more warning is one more function here.
    private static readonly Func<OnnxModel, TensorShapes, string?>[] All =
    [
        UnfoldedBatchNormalization, FixedBatch, Doubles, Halves, Training, NoRule, UnknownShapes,
    ];

    public static IReadOnlyList<string> Of(OnnxModel model, TensorShapes shapes) => [.. All.Select(w => w(model, shapes)).OfType<string>()];

    private static string? UnfoldedBatchNormalization(OnnxModel model, TensorShapes shapes)
    {
        var normalizations = model.Graph.Node.Where(n => n.OpType == "BatchNormalization").ToArray();
        var convolved = model.Graph.Node.Where(n => n.OpType is "Conv" or "ConvTranspose" or "Gemm").SelectMany(n => n.Output).ToHashSet(StringComparer.Ordinal);
        var readers = model.Graph.Node.SelectMany(n => n.Input).Concat(model.Outputs.Select(o => o.Name)).CountBy(name => name).ToDictionary(StringComparer.Ordinal);
        var after = normalizations.Count(n => n.Input.Count > 0 && convolved.Contains(n.Input[0]) && readers[n.Input[0]] == 1);
        return normalizations.Length == 0 ? null
            : $"Batch normalisation is not folded: {Nodes(normalizations.Length)}, {after} of them right behind a convolution or Gemm, where ONNX Runtime folds most by itself on loading; each of the rest reads and writes a whole activation.";
    }

    private static string? FixedBatch(OnnxModel model, TensorShapes shapes) =>
        model.Inputs.FirstOrDefault(i => i.Dimensions is [>= 0, _, ..]) is not { } input ? null
            : $"The batch is fixed: input '{input}' takes {input.Dimensions![0]} at a time; it is made open on loading where the graph allows.";

    private static string? Doubles(OnnxModel model, TensorShapes shapes) => !Holds(model, shapes, ElementType.Double) ? null
        : "It computes in float64 (double): twice the memory and at most half the speed of float32, and far slower on most GPUs.";

    private static string? Halves(OnnxModel model, TensorShapes shapes) => !Holds(model, shapes, ElementType.Float16) ? null
        : "It computes in float16: made for GPUs; a CPU converts to float32 and back around each operator.";

    private static string? Training(OnnxModel model, TensorShapes shapes)
    {
        var training = model.Graph.Node.Where(n => TrainingMode.Is(n, model.Opset, shapes)).ToArray();
        return training.Length == 0 ? null
            : $"It was exported in training mode: {Nodes(training.Length)} ({string.Join(" and ", training.Select(n => n.OpType).Distinct())}) "
                + "whose outputs depend on the batch or on chance; export it again after model.eval().";
    }

    private static string? NoRule(OnnxModel model, TensorShapes shapes) => shapes.WithoutRule.Count == 0 ? null
        : $"No shape rule is known for {Listed(shapes.WithoutRule)}; what follows is known only where the file declares it.";

    private static string? UnknownShapes(OnnxModel model, TensorShapes shapes) => shapes.Unknown.Count == 0 ? null
        : $"Of {shapes.Unknown.Count} tensors the shape is unknown, so that multiply-adds and memory are more than stated; the first: {shapes.Unknown.First().Value}.";

    private static bool Holds(OnnxModel model, TensorShapes shapes, ElementType type) =>
        model.Graph.Initializer.Any(t => t.DataType == (int)type) || model.Inputs.Any(i => i.ElementType == type)
        || model.TensorNames.Any(name => shapes[name]?.ElementType == type);

    private static string Nodes(int count) => count == 1 ? "1 node" : $"{count} nodes";

    private static string Listed(IReadOnlyCollection<string> operators) =>
        string.Join(", ", operators.Take(20).Select(o => ShortNames.Of(o))) + (operators.Count > 20 ? $" and {operators.Count - 20} more" : "");
}
