using OnnxTransfer.Onnx;

namespace OnnxTransfer.Training.Gradients;

/// <summary>
/// y holds the elements of x at k constant places along an axis of n: dx = Pᵀ dy for the matrix P [k, n] that has a 1 where an element
/// was taken. Few places are taken as a rule, often one.
/// </summary>
internal static class GatherGradient
{
    public static string?[] Of(GradientNode node, string gradient)
    {
        var shape = node.Type(node.Input(0)).Dimensions;
        int axis = node.Axis(node.Node.Long("axis", 0), node.Input(0)), n = (int)shape[axis];
        long[] places = node.Longs(node.Input(1));
        var picked = new double[n * places.Length];
        foreach (var (i, place) in places.Index())
        {
            picked[((place < 0 ? place + n : place) * places.Length) + i] = 1;
        }

        long before = shape.Take(axis).Aggregate(1L, (a, b) => a * b), behind = shape.Skip(axis + 1).Aggregate(1L, (a, b) => a * b);
        string rows = node.Add("Reshape", [gradient, node.List(before, places.Length, behind)]);
        string spread = node.Add("MatMul", [node.Numbers(picked, node.Output, n, places.Length), rows]);
        return [node.Add("Reshape", [spread, node.List([.. shape])])];
    }
}
