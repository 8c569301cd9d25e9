using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Onnx;

/// <summary>Names of the file for messages: damaged files have names of megabytes.</summary>
internal static class ShortNames
{
    /// <summary>The most letters of a name that are shown.</summary>
    private const int Letters = 100;

    public static string Of(string name) => name.Length <= Letters ? name : $"{name[..Letters]}...";

    /// <summary><c>node 'conv1' (Conv)</c>; a node without name by its first output.</summary>
    public static string Of(NodeProto node)
    {
        var operation = node.Domain is "" or "ai.onnx" ? Of(node.OpType) : $"{Of(node.Domain)}.{Of(node.OpType)}";
        return node.Name.Length > 0 ? $"node '{Of(node.Name)}' ({operation})" : $"the node that gives '{Of(node.Output.FirstOrDefault() ?? "")}' ({operation})";
    }
}
