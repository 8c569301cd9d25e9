using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Onnx.Shapes;

/// <summary>Whether a node computes as in training: Dropout drops, BatchNormalization uses the batch's own statistics.</summary>
internal static class TrainingMode
{
    public static bool Is(OnnxModel model, NodeProto node) => node.OpType switch
    {
        "Dropout" => DropsOut(model, node),
        "BatchNormalization" => Flag(node, "training_mode") ?? (model.Opset < 7 ? Flag(node, "is_test") == false : node.Output.Count(o => o.Length > 0) > 1),
        _ => false,
    };

    /// <summary>From operator set 12 on, training_mode is the third input; before 7, is_test was an attribute.</summary>
    private static bool DropsOut(OnnxModel model, NodeProto node) => model.Opset < 7
        ? Flag(node, "is_test") == false
        : node.Input.Count > 2 && Constant(model, node.Input[2]) is { } mode && (mode.Int32Data.Any(v => v != 0) || mode.RawData.Span.ContainsAnyExcept((byte)0));

    private static bool? Flag(NodeProto node, string name) => node.Attribute.FirstOrDefault(a => a.Name == name) is { } flag ? flag.I != 0 : null;

    private static TensorProto? Constant(OnnxModel model, string name) => model.Graph.Initializer.FirstOrDefault(t => t.Name == name)
        ?? model.Graph.Node.FirstOrDefault(n => n.OpType == "Constant" && n.Output.Contains(name))?.Attribute.FirstOrDefault(a => a.Name == "value")?.T;
}
