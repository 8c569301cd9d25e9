using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Onnx;

/// <summary>Finds the constant tensors of a graph wherever they are: initialisers, attributes, subgraphs.</summary>
internal static class Tensors
{
    /// <summary>Every tensor that holds data, each with its place for messages.</summary>
    public static IEnumerable<(TensorProto Tensor, string Where)> All(GraphProto graph)
    {
        var graphs = new Stack<GraphProto>([graph]);
        while (graphs.TryPop(out var current))
        {
            foreach (var tensor in current.Initializer)
            {
                yield return (tensor, $"tensor '{ShortNames.Of(tensor.Name)}'");
            }

            foreach (var sparse in current.SparseInitializer)
            {
                foreach (var part in Parts(sparse))
                {
                    yield return (part, $"sparse tensor '{ShortNames.Of(sparse.Values?.Name ?? "")}'");
                }
            }

            foreach (var node in current.Node)
            {
                foreach (var attribute in node.Attribute)
                {
                    foreach (var tensor in Of(attribute))
                    {
                        yield return (tensor, $"attribute '{ShortNames.Of(attribute.Name)}' of {ShortNames.Of(node)}");
                    }
                }

                foreach (var inner in Subgraphs(node))
                {
                    graphs.Push(inner);
                }
            }
        }
    }

    /// <summary>The graphs that a node (If, Loop, Scan) holds in its attributes.</summary>
    public static IEnumerable<GraphProto> Subgraphs(NodeProto node) =>
        node.Attribute.SelectMany(a => a.G is null ? a.Graphs : a.Graphs.Prepend(a.G));

    private static IEnumerable<TensorProto> Of(AttributeProto attribute)
    {
        var sparse = attribute.SparseTensor is null ? attribute.SparseTensors : attribute.SparseTensors.Prepend(attribute.SparseTensor);
        return (attribute.T is null ? attribute.Tensors : attribute.Tensors.Prepend(attribute.T)).Concat(sparse.SelectMany(Parts));
    }

    private static IEnumerable<TensorProto> Parts(SparseTensorProto sparse) => new[] { sparse.Values, sparse.Indices }.OfType<TensorProto>();
}
