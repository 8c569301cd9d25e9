using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Training;

/// <summary>Operators that do one thing while a network is trained and another when it predicts.</summary>
internal static class PredictionMode
{
    /// <summary>Makes a node do what it does in prediction.</summary>
    public static void Set(NodeProto node)
    {
        if (node.OpType == "BatchNormalization" && node.Attribute.FirstOrDefault(attribute => attribute.Name == "training_mode") is { } mode)
        {
            node.Attribute.Remove(mode);
            Keep(node.Output, 1);
        }
        else if (node.OpType == "Dropout")
        {
            Keep(node.Input, 2);
        }
    }

    private static void Keep(Google.Protobuf.Collections.RepeatedField<string> names, int count)
    {
        while (names.Count > count)
        {
            names.RemoveAt(names.Count - 1);
        }
    }
}
