namespace OnnxTransfer.Onnx.Shapes;

/// <summary>Operators that compute each element for itself.</summary>
internal static class ElementwiseRules
{
    public static KnownTensor[] Same(NodeShapes node) => [new(node[0].ElementType, node[0].Dims)];

    public static KnownTensor[] Broadcast(NodeShapes node) =>
        [new(node[0].ElementType, Shapes.Broadcast.Of([.. Enumerable.Range(0, node.Inputs).Select(i => node[i])]))];
}
