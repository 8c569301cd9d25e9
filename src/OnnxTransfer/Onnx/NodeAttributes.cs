using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Onnx;

/// <summary>
/// A node's operator and attributes, with ONNX's defaults where an attribute is left out. One that is there without its
/// number is 0: writers by protobuf 3, such as ML.NET, leave zeros out.
/// </summary>
internal static class NodeAttributes
{
    public static bool Has(this NodeProto node, string name) => node.Find(name) is not null;

    public static long Long(this NodeProto node, string name, long absent) => node.Find(name)?.I ?? absent;

    public static float Float(this NodeProto node, string name, float absent) => node.Find(name)?.F ?? absent;

    public static string Text(this NodeProto node, string name, string absent) => node.Find(name)?.S.ToStringUtf8() ?? absent;

    public static long[]? Longs(this NodeProto node, string name) => node.Find(name) is { } found ? [.. found.Ints] : null;

    public static float[]? Floats(this NodeProto node, string name) => node.Find(name) is { } found ? [.. found.Floats] : null;

    public static TensorProto? Tensor(this NodeProto node, string name) => node.Find(name)?.T;

    public static AttributeProto? Find(this NodeProto node, string name) => node.Attribute.FirstOrDefault(a => a.Name == name);

    /// <summary>Whether it is one of these operators of the standard set.</summary>
    public static bool IsStandard(this NodeProto node, params ReadOnlySpan<string> operators) =>
        node.Domain is "" or "ai.onnx" && operators.Contains(node.OpType);

    /// <summary>Whether it holds graphs of its own, as If, Loop and Scan do.</summary>
    public static bool HoldsGraphs(this NodeProto node) => Tensors.Subgraphs(node).Any();
}
