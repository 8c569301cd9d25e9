using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Onnx;

/// <summary>The first dimension of inputs and outputs: made the symbol N, so that any number of images fits, or one number.</summary>
public static class BatchDimension
{
    /// <summary>The name of the dimension.</summary>
    public const string Symbol = "N";

    /// <summary>
    /// Makes the first dimension of every input and output the symbol N. Where it was a fixed number, stale inner shapes
    /// are dropped, and where the graph has the number inside (in a Reshape to a constant shape, or a class token of so many
    /// rows) it takes the batch it gets instead. What a graph does with the number beyond that stays.
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
            FixedBatch.Free(builder, TensorShapes.Infer(model), batch);
        }

        return builder.Build(newNodesFirst: true);
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
}
