using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Onnx;

/// <summary>Takes a fixed batch out of the places where exporters leave it inside a graph.</summary>
internal static class FixedBatch
{
    // Operator set of Expand.
    private const int ExpandOpset = 8;

    /// <param name="builder">Over a copy of the graph.</param>
    /// <param name="shapes">Of the graph with its batch still fixed.</param>
    /// <param name="batch">That batch.</param>
    public static void Free(GraphBuilder builder, TensorShapes shapes, long batch)
    {
        var graph = builder.Graph;
        var image = graph.Input[0].Name;
        var moving = graph.Input.Select(i => i.Name).ToHashSet(StringComparer.Ordinal);
        var weights = graph.Initializer.Select(t => t.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var node in graph.Node.ToArray())
        {
            if (!Cut.Reads(node).Any(moving.Contains))
            {
                if (FreesExpand(builder, node, shapes, batch, image))
                {
                    moving.UnionWith(node.Output);
                }

                continue;
            }

            moving.UnionWith(node.Output);
            if (node.OpType == "Reshape")
            {
                FreeReshape(builder, node, shapes, batch, moving);
            }
            else if (node.OpType == "Concat" && batch == 1 && builder.Opset >= ExpandOpset)
            {
                // A class token of one row, folded into a weight.
                for (var i = 0; i < node.Input.Count; i++)
                {
                    if (weights.Contains(node.Input[i]) && shapes[node.Input[i]]?.Dimensions is [1, _, ..] token && node.Long("axis", 0) is not 0 and var axis && axis != -token.Count)
                    {
                        node.Input[i] = builder.Node("Expand", [node.Input[i], Rows(builder, image, token)], $"{node.Input[i]}_rows");
                    }
                }
            }
        }
    }

    /// <summary>
    /// A Reshape to a constant shape whose first number is the batch, or the batch times the dimensions after it, which are
    /// merged with it: -1 stands for what the rest leaves, right for every batch. Where there is a -1 already, 0 stands
    /// for "as in the input", if that has the batch in front.
    /// </summary>
    private static void FreeReshape(GraphBuilder builder, NodeProto node, TensorShapes shapes, long batch, HashSet<string> moving)
    {
        if (node.Input.Count != 2 || !moving.Contains(node.Input[0]) || moving.Contains(node.Input[1]) || Whole(shapes, node.Input[1]) is not [var first, _, ..] shape)
        {
            return;
        }

        var from = shapes[node.Input[0]]?.Dimensions;
        var zeroIsZero = node.Long("allowzero", 0) != 0;
        if (!shape.Contains(-1) && (first == batch || Merges(from, batch, first)))
        {
            shape[0] = -1;
        }
        else if (first == batch && !zeroIsZero && (from is not [var rows, ..] || rows == batch))
        {
            shape[0] = 0;
        }
        else
        {
            return;
        }

        node.Input[1] = builder.Longs($"{node.Output[0]}_shape", shape, shape.Length);
    }

    /// <summary>Whether <paramref name="first"/> is the product of a shape's first dimensions, of which the very first is the batch.</summary>
    private static bool Merges(IReadOnlyList<long>? from, long batch, long first)
    {
        if (from is not [var rows, ..] || rows != batch)
        {
            return false;
        }

        var product = rows;
        for (var i = 1; i < from.Count && product < first; i++)
        {
            product *= from[i];
        }

        return product == first;
    }

    /// <summary>An Expand of a constant to the batch's rows takes the rows of the image; false for every other node.</summary>
    private static bool FreesExpand(GraphBuilder builder, NodeProto node, TensorShapes shapes, long batch, string image)
    {
        if (node.OpType != "Expand" || node.Input.Count != 2 || Whole(shapes, node.Input[1]) is not [var rows, _, ..] shape || rows != batch)
        {
            return false;
        }

        node.Input[1] = Rows(builder, image, shape);
        return true;
    }

    /// <summary>The constant shape that a tensor holds; null where it holds none.</summary>
    private static long[]? Whole(TensorShapes shapes, string tensor) => shapes.Values(tensor) is { } values ? [.. values.Select(v => (long)v)] : null;

    /// <summary>A shape: as many rows as there are images, then as in <paramref name="shape"/>.</summary>
    private static string Rows(GraphBuilder builder, string image, IReadOnlyList<long> shape)
    {
        var count = builder.Node("Gather", [builder.Node("Shape", [image], "batch_shape"), builder.Longs("batch_axis", [0], 1)], "batch_rows", ("axis", 0));
        return builder.Node("Concat", [count, builder.Longs("batch_rest", [.. shape.Skip(1)], shape.Count - 1)], "batch_whole", ("axis", 0));
    }
}
