using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Onnx.Shapes;

/// <summary>Whether a node computes as in training: Dropout drops, BatchNormalization uses the batch's own statistics.</summary>
internal static class TrainingMode
{
    public static bool Is(NodeProto node, int opset, TensorShapes shapes) => node.OpType switch
    {
        "Dropout" or "BatchNormalization" when opset < 7 => Flag(node, "is_test") == false,

        // From operator set 12 on, ratio and mode are inputs; a ratio of 0 drops nothing.
        "Dropout" => node.Input.Count > 2 && shapes.Values(node.Input[2]) is [not 0] && shapes.Values(node.Input[1]) is not [0],

        // Before operator set 14, asking for the statistics meant training.
        "BatchNormalization" => Flag(node, "training_mode") ?? node.Output.Count(o => o.Length > 0) > 1,
        _ => false,
    };

    private static bool? Flag(NodeProto node, string name) => node.Find(name) is { } flag ? flag.I != 0 : null;
}
