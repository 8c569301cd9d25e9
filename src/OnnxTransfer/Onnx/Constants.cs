using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Onnx;

/// <summary>
/// The tensors of a graph that are the same for every input: initializers, the values of Constant nodes, and both behind
/// Identity nodes (PyTorch writes those where several layers hold equal numbers).
/// </summary>
internal sealed class Constants
{
    private readonly Dictionary<string, TensorProto> _tensors = new(StringComparer.Ordinal);

    public Constants(GraphProto graph)
    {
        foreach (var tensor in graph.Initializer)
        {
            _tensors[tensor.Name] = tensor;
        }

        foreach (var node in graph.Node.Where(n => n.Output.Count == 1))
        {
            var tensor = node.OpType switch
            {
                "Constant" => ValueOf(node),
                "Identity" => this[node.Input[0]],
                _ => null,
            };
            if (tensor is not null)
            {
                _tensors[node.Output[0]] = tensor;
            }
        }
    }

    /// <summary>The constant of this name; null where it is none.</summary>
    public TensorProto? this[string name] => _tensors.GetValueOrDefault(name);

    /// <summary>What a Constant node gives; null for texts, integers of newer attributes and sparse tensors.</summary>
    private static TensorProto? ValueOf(NodeProto node) => node.Attribute.FirstOrDefault() switch
    {
        { Name: "value", T: { } tensor } => tensor,
        { Name: "value_float" } a => new TensorProto { DataType = (int)ElementType.Float, FloatData = { a.F } },
        { Name: "value_floats" } a => new TensorProto { DataType = (int)ElementType.Float, Dims = { a.Floats.Count }, FloatData = { a.Floats } },
        _ => null,
    };
}
