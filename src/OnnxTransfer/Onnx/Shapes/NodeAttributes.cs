using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Onnx.Shapes;

/// <summary>Reads the attributes of a node; one that is absent has the value ONNX states as its default.</summary>
internal readonly struct NodeAttributes(NodeProto node)
{
    public bool Has(string name) => Find(name) is not null;

    public long Int(string name, long absent) => Find(name) is { HasI: true } a ? a.I : absent;

    public float Float(string name, float absent) => Find(name) is { HasF: true } a ? a.F : absent;

    public string Text(string name, string absent) => Find(name) is { HasS: true } a ? a.S.ToStringUtf8() : absent;

    public long[]? Ints(string name) => Find(name) is { } a ? [.. a.Ints] : null;

    public float[]? Floats(string name) => Find(name) is { } a ? [.. a.Floats] : null;

    public TensorProto? Tensor(string name) => Find(name)?.T;

    private AttributeProto? Find(string name)
    {
        foreach (var attribute in node.Attribute)
        {
            if (attribute.Name == name)
            {
                return attribute;
            }
        }

        return null;
    }
}
