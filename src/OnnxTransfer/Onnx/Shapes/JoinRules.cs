namespace OnnxTransfer.Onnx.Shapes;

/// <summary>Operators that join tensors.</summary>
internal static class JoinRules
{
    public static KnownTensor[] Concat(NodeShapes node)
    {
        var first = node[0];
        var axis = NodeShapes.Axis(node.Attributes.Int("axis", 1), first.Rank);
        long[] dims = [.. first.Dims];
        for (var i = 1; i < node.Inputs; i++)
        {
            var next = node[i];
            NodeShapes.Require(next.Rank == first.Rank && Enumerable.Range(0, first.Rank).All(d => d == axis || next.Dims[d] == first.Dims[d]),
                $"joins {first.Shape} and {next.Shape} along axis {axis}; expected all other dimensions equal");
            dims[axis] = checked(dims[axis] + next.Dims[axis]);
        }

        return [new(first.ElementType, dims)];
    }
}
