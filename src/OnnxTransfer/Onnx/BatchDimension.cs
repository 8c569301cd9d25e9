using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Onnx;

/// <summary>The first dimension of inputs and outputs: made the symbol N, so that any number of images fits, or one number.</summary>
public static class BatchDimension
{
    /// <summary>The name of the dimension.</summary>
    public const string Symbol = "N";

    /// <summary>
    /// Makes the first dimension of every input and output the symbol N. Where it was a fixed number, stale inner shapes
    /// are dropped, and a Reshape to a constant shape that begins with that number keeps the batch it gets instead.
    /// </summary>
    public static OnnxModel Free(OnnxModel model)
    {
        var builder = GraphBuilder.Over(model);
        var graph = builder.Graph;
        var firsts = graph.Input.Concat(graph.Output).Select(First).OfType<TensorShapeProto.Types.Dimension>().ToArray();
        var fixedBatch = graph.Input.Select(First).FirstOrDefault(d => d?.HasDimValue == true)?.DimValue;
        var oldSymbols = firsts.Where(d => d.HasDimParam).Select(d => d.DimParam).ToHashSet(StringComparer.Ordinal);
        var inner = graph.ValueInfo.SelectMany(v => v.Type?.TensorType?.Shape?.Dim ?? []).Where(d => d.HasDimParam && oldSymbols.Contains(d.DimParam));
        foreach (var dimension in firsts.Concat(inner))
        {
            dimension.DimParam = Symbol;
        }

        if (fixedBatch is { } batch)
        {
            graph.ValueInfo.Clear();
            FreeReshapes(builder, batch);
        }

        return builder.Build();
    }

    /// <summary>Makes the first dimension of every input and output <paramref name="batch"/>, for graphs that take no other.</summary>
    public static OnnxModel Fix(OnnxModel model, int batch)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
        var builder = GraphBuilder.Over(model);
        foreach (var dimension in builder.Graph.Input.Concat(builder.Graph.Output).Select(First).OfType<TensorShapeProto.Types.Dimension>())
        {
            dimension.DimValue = batch;
        }

        return builder.Build();
    }

    private static TensorShapeProto.Types.Dimension? First(ValueInfoProto value) => value.Type?.TensorType?.Shape?.Dim.FirstOrDefault();

    /// <summary>In a Reshape's shape, 0 stands for "as in the input": right for every batch.</summary>
    private static void FreeReshapes(GraphBuilder builder, long batch)
    {
        var graph = builder.Graph;
        var moving = graph.Input.Select(i => i.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var node in graph.Node)
        {
            if (!node.Input.Any(moving.Contains))
            {
                continue;
            }

            moving.UnionWith(node.Output);
            if (node.OpType == "Reshape" && node.Input.Count == 2 && moving.Contains(node.Input[0])
                && ConstantShape(graph, node.Input[1]) is [var first, _, ..] shape && first == batch)
            {
                shape[0] = 0;
                node.Input[1] = builder.Longs($"{node.Output[0]}_shape", shape, shape.Length);
            }
        }
    }

    private static long[]? ConstantShape(GraphProto graph, string name)
    {
        var tensor = graph.Initializer.FirstOrDefault(t => t.Name == name)
            ?? graph.Node.FirstOrDefault(n => n.OpType == "Constant" && n.Output.Contains(name))?.Attribute.FirstOrDefault(a => a.Name == "value")?.T;
        return tensor is { DataType: (int)ElementType.Int64 } ? TensorData.Longs(tensor) : null;
    }
}
