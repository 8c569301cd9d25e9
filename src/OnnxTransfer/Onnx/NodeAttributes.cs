using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Onnx;

/// <summary>A node's operator and attributes, with ONNX's defaults where an attribute is left out.</summary>
internal static class NodeAttributes
{
    public static long Long(this NodeProto node, string name, long absent) => node.Find(name)?.I ?? absent;

    public static float Float(this NodeProto node, string name, float absent) => node.Find(name)?.F ?? absent;

    public static string Text(this NodeProto node, string name, string absent) => node.Find(name)?.S.ToStringUtf8() ?? absent;

    public static IReadOnlyList<long> Longs(this NodeProto node, string name) => node.Find(name)?.Ints ?? [];

    /// <summary>Whether it is one of these operators of the standard set.</summary>
    public static bool IsStandard(this NodeProto node, params ReadOnlySpan<string> operators) =>
        node.Domain is "" or "ai.onnx" && operators.Contains(node.OpType);

    public static AttributeProto? Find(this NodeProto node, string name) => node.Attribute.FirstOrDefault(a => a.Name == name);
}
