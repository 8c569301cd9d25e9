using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Onnx;

/// <summary>
/// Moves batch norms into the weights beside them: with fixed statistics they only scale and shift channels, as the layer
/// before them does anyway (Ioffe and Szegedy 2015, section 3.1).
/// </summary>
public static class BatchNormFolding
{
    /// <inheritdoc cref="Fold(OnnxModel, out BatchNormCount)"/>
    public static OnnxModel Fold(OnnxModel model) => Fold(model, out _);

    /// <summary>
    /// Folds every BatchNormalization in inference form into the Conv, ConvTranspose or Gemm before it that nothing else
    /// reads, or else into the Conv or Gemm that alone reads it; through a Conv's zero padding only where it shifts nothing.
    /// Add, Sub, Mul and Div by a constant per channel fold backwards alike. Computed in double, stored in the weights' own
    /// type, float or double; half-precision weights stay as they are, since rounding them twice is not exact enough: fold
    /// first, convert then. What no output needs any more is left out, as by <see cref="Cut"/>.
    /// </summary>
    /// <remarks>
    /// The outputs keep their names and, but for rounding, their numbers. Of the inner tensors the one between layer and
    /// batch norm disappears, or gets other numbers: cut at the taps first, which makes them outputs.
    /// </remarks>
    /// <param name="model">The model; where nothing can be folded, it is returned itself.</param>
    /// <param name="count">How many nodes are gone, and how many batch norms are left.</param>
    /// <exception cref="OnnxException">The model is of an operator set older than 7.</exception>
    public static OnnxModel Fold(OnnxModel model, out BatchNormCount count)
    {
        var builder = GraphBuilder.Over(model);
        var constants = new Constants(builder.Graph);
        var reader = new ChannelAffineReader(constants);
        var graph = new FoldableGraph(builder.Graph, constants);
        var nodes = builder.TakeNodes();
        foreach (var node in nodes)
        {
            if (!Backward(node, graph, reader))
            {
                Forward(node, graph, reader);
            }
        }

        foreach (var layer in graph.Changed)
        {
            layer.Write(builder);
        }

        NodeProto[] kept = [.. nodes.Where(graph.Has)];
        count = new(nodes.Length - kept.Length, kept.Count(ChannelAffineReader.IsBatchNorm));
        builder.Graph.Node.AddRange(kept);
        return count.Folded == 0 ? model : Cut.At(builder.Build(), [.. model.Outputs.Select(o => o.Name)]);
    }

    /// <summary>Into the layer before: layer -> node becomes layer, under the node's output name.</summary>
    private static bool Backward(NodeProto node, FoldableGraph graph, ChannelAffineReader reader)
    {
        foreach (var x in node.Input.Distinct().ToArray())
        {
            if (graph.ReadOnce(x) && graph.LayerGiving(x) is { } layer
                && reader.Read(node, x, layer.Type, layer.OutputChannels, layer.Rank) is { IsFinite: true } affine && layer.TakeAfter(affine))
            {
                graph.JoinAbove(node, x, layer);
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// Into the layer behind. Batch norms alone: their channels are known, where a product might also broadcast one channel to many.
    /// </summary>
    private static void Forward(NodeProto node, FoldableGraph graph, ChannelAffineReader reader)
    {
        if (ChannelAffineReader.IsBatchNorm(node) && node.Output.Count > 0 && graph.ReadOnce(node.Output[0]) && graph.LayerReading(node.Output[0]) is { } layer
            && reader.Read(node, node.Input[0], layer.Type, layer.InputChannels, layer.Rank) is { IsFinite: true } affine && layer.TakeBefore(affine))
        {
            graph.JoinBelow(node, layer);
        }
    }
}
