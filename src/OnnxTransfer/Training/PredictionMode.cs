using OnnxTransfer.Onnx;
using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Training;

/// <summary>Batch norms take the batch's statistics while a network is trained, and their running ones when it predicts.</summary>
internal static class PredictionMode
{
    /// <summary>Makes a node do what it does in prediction.</summary>
    public static void Set(NodeProto node)
    {
        if (!node.IsStandard("BatchNormalization") || node.Long("training_mode", 0) == 0)
        {
            return;
        }

        node.Attribute.Remove(node.Attribute.Single(attribute => attribute.Name == "training_mode"));
        while (node.Output.Count > 1)
        {
            node.Output.RemoveAt(node.Output.Count - 1);
        }
    }
}
