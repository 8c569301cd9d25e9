using OnnxTransfer.Backbones;
using OnnxTransfer.Heads;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Export;

/// <summary>
/// Writes one ONNX file from pixels to answer: input <c>pixels</c>, uint8 [N, H, W, 3], RGB after resize and crop; output
/// <c>probabilities</c>, float [N, k], or <c>value</c>, float [N, m]. Normalisation, backbone and head are inside; any
/// ONNX Runtime loads it. N is any number, or the one number the backbone's graph can do.
/// </summary>
public static class FusedModel
{
    /// <summary>Name of the pixel input.</summary>
    public const string Pixels = "pixels";

    /// <summary>Name of the second input, float [rows, columns], of models with further numbers.</summary>
    public const string Numbers = "numbers";

    /// <summary>Name of a classifier's output.</summary>
    public const string Probabilities = IHead.ProbabilitiesName;

    /// <summary>Name of a regression's output.</summary>
    public const string Value = IHead.ValueName;

    /// <summary>Fuses and writes <paramref name="path"/>; the file is there whole or not at all.</summary>
    /// <param name="path">The .onnx file to write.</param>
    /// <param name="backbone">The backbone and taps the head was fitted on.</param>
    /// <param name="head">The head.</param>
    /// <param name="card">What the file shall say of itself; classes, preprocessing and backbone are filled in here; how JPEG was decoded (<see cref="ModelCard.Jpeg"/>) is not known here.</param>
    /// <exception cref="OnnxTransferException">
    /// The head was fitted on embeddings of another width, photos shall be averaged by a graph of a fixed batch, or the file
    /// cannot be written.
    /// </exception>
    public static void Save(string path, Backbone backbone, IHead head, ModelCard? card = null)
    {
        card = Card(backbone, head, card);
        Check(backbone, card.AveragesPhotos);
        Build(backbone, head, card).Save(path);
    }

    /// <summary>The card of a model: <paramref name="card"/> with everything that follows from backbone and head.</summary>
    public static ModelCard Card(Backbone backbone, IHead head, ModelCard? card = null)
    {
        var description = backbone.Description;
        var about = new CardBackbone(
            description.Name, backbone.Sha256, [.. backbone.Taps.Select(tap => tap.Label)], description.Source, description.Licence, backbone.Precision);
        return (card ?? new ModelCard { Preprocessing = backbone.Preprocessing, Backbone = about }) with
        {
            Classes = head.Classes,
            Task = head.Task,
            ValueNames = head.ValueNames,
            Preprocessing = backbone.Preprocessing,
            L2Normalize = backbone.L2Normalize,
            Backbone = about,
        };
    }

    /// <summary>Tells early what <see cref="Save"/> could not do with this backbone.</summary>
    /// <exception cref="OnnxTransferException">Photos shall be averaged, but the backbone's graph takes one number of images only.</exception>
    public static void Check(Backbone backbone, bool averagesPhotos)
    {
        if (averagesPhotos && backbone.Description.Input.Batch is > 0 and var batch)
        {
            throw new OnnxTransferException($"backbone '{backbone.Description.Name}': its graph takes {batch} images at once and no other number, so no model made of it can average "
                + "the photos of an item, of which there may be any number; take a backbone of a free batch, or write no model");
        }
    }

    private static OnnxModel Build(Backbone backbone, IHead head, ModelCard card)
    {
        var expected = backbone.Width + card.Numbers.Count;
        if (head.Width != expected)
        {
            throw new OnnxTransferException(
                $"the head takes {head.Width} values, but {backbone.Description.Name} at {string.Join(", ", card.Backbone.Taps)} with {card.Numbers.Count} numbers gives {expected}; fuse it with the backbone, taps and numbers it was fitted on");
        }

        var (model, tensor) = (backbone.ToEmbeddingGraph(), "embedding");
        if (card.AveragesPhotos)
        {
            (model, tensor) = (Items.AverageRows(model, tensor, "embedding_mean"), "embedding_mean");
        }

        if (card.Numbers.Count > 0)
        {
            (model, tensor) = (Items.AppendNumbers(model, tensor, Numbers, card.Numbers.Count, "embedding_numbers"), "embedding_numbers");
        }

        var fitted = head.ToOnnx(model.Opset);
        model = Join.After(model, tensor, fitted);
        var metadata = new Dictionary<string, string> { [ModelCard.MetadataKey] = card.ToJson() };
        return ModelMetadata.Merge(Cut.At(model, [.. fitted.Outputs.Select(output => output.Name)]), metadata);
    }
}
