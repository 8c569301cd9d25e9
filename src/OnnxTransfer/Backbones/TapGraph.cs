using OnnxTransfer.Onnx;

namespace OnnxTransfer.Backbones;

/// <summary>A network's graph made into that of its taps: uint8 pixels [N, H, W, 3] in, a float row per image and tap out.</summary>
internal static class TapGraph
{
    public static OnnxModel Of(OnnxModel model, CatalogueEntry entry, IReadOnlyList<BackboneTap> taps)
    {
        var (input, preprocessing) = (entry.Description.Input, entry.Description.Preprocessing);
        var graph = Cut.At(Batched(model, input, entry.DescriptionPath), [.. taps.Select(t => t.Tensor).Distinct()]);
        graph = PixelInput.Prepend(
            graph, input.Tensor, input.Height, input.Width, preprocessing.Mean, preprocessing.Std, input.Channels, input.Layout);
        var types = TensorShapes.Infer(graph, Math.Max(1, input.Batch)); // inside, a network may reckon in float16 or double
        foreach (var tap in taps)
        {
            var type = types[tap.Tensor]?.ElementType ?? ElementType.Float;
            graph = Pooling.Attach(graph, tap.Tensor, tap.Pooling, tap.Shape, tap.OutputName, tap.Layout, type);
        }

        graph = Cut.At(graph, [.. taps.Select(t => t.OutputName)]);
        return input.Batch > 0 ? BatchDimension.Fix(graph, input.Batch) : graph;
    }

    /// <summary>The taps' outputs side by side as <c>embedding</c>, [N, D], of length 1 where asked for.</summary>
    public static OnnxModel Joined(OnnxModel graph, IReadOnlyList<BackboneTap> taps, InputDescription input, bool l2Normalize)
    {
        string[] outputs = [.. taps.Select(t => t.OutputName)];
        var joined = l2Normalize
            ? L2Normalization.Attach(Outputs.Concat(graph, outputs, "embedding_raw"), "embedding_raw", "embedding")
            : Outputs.Concat(graph, outputs, "embedding");
        return input.Batch > 0 ? BatchDimension.Fix(joined, input.Batch) : joined;
    }

    private static OnnxModel Batched(OnnxModel model, InputDescription input, string descriptionPath)
    {
        if (input.Batch == 0)
        {
            return BatchDimension.Free(model);
        }

        var found = model.Inputs.FirstOrDefault(i => i.Name == input.Tensor)?.Dimensions?.FirstOrDefault() ?? -1;
        return found < 0 || found == input.Batch
            ? model
            : throw new BackboneException($"{descriptionPath}: the input is described with batch {input.Batch}, but the graph takes {found}; correct the batch there");
    }
}
