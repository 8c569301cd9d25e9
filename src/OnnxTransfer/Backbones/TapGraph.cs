using OnnxTransfer.Onnx;

namespace OnnxTransfer.Backbones;

/// <summary>A network's graph made into that of its taps: uint8 pixels [N, H, W, 3] in, a float row per image and tap out.</summary>
internal static class TapGraph
{
    public static OnnxModel Of(OnnxModel model, CatalogueEntry entry, IReadOnlyList<BackboneTap> taps, Precision precision)
    {
        var (input, preprocessing) = (entry.Description.Input, entry.Description.Preprocessing);
        var graph = OutOfTheWay(Cut.At(Batched(model, input, entry.DescriptionPath), [.. taps.Select(t => t.Tensor).Distinct()]));
        if (precision == Precision.Fp16)
        {
            // Between pixels and pooling: the sums over places and what is given stay float32. Batch norms go first, since
            // their statistics are what half precision holds worst.
            graph = HalfPrecision.Convert(BatchNormFolding.Fold(graph));
        }

        foreach (var tap in taps)
        {
            graph = Pooling.Attach(graph, tap.GraphTensor, tap.Pooling, tap.Shape, tap.OutputName, tap.Layout);
        }

        graph = Cut.At(graph, [.. taps.Select(t => t.OutputName)]);
        graph = PixelInput.Prepend(
            graph, NameOf(input.Tensor), input.Height, input.Width, preprocessing.Mean, preprocessing.Std, input.Channels, input.Layout);
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

    /// <summary>What a tensor of the network is called here: a name that this graph or a fused model needs is put out of its way.</summary>
    public static string NameOf(string tensor) =>
        tensor is "pixels" or "numbers" or "probabilities" or "value" || tensor.StartsWith("embedding", StringComparison.Ordinal) ? $"network_{tensor}" : tensor;

    private static OnnxModel OutOfTheWay(OnnxModel model)
    {
        var names = model.TensorNames.Concat(model.Inputs.Select(i => i.Name)).Concat(model.Graph.Initializer.Select(t => t.Name));
        return TensorNames.Rename(model, names.Where(name => NameOf(name) != name).Distinct().ToDictionary(name => name, NameOf));
    }

    /// <summary>The network with the batch that its description says.</summary>
    internal static OnnxModel Batched(OnnxModel model, InputDescription input, string descriptionPath)
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
