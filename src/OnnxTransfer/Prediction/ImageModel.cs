using System.Text.Json;
using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Export;
using OnnxTransfer.Imaging;
using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Prediction;

/// <summary>A fused model, loaded: encoded image in, ranked classes or a number out. Safe for many threads.</summary>
public sealed class ImageModel : IDisposable
{
    private readonly OnnxSession _session;
    private readonly PixelPreprocessing _preprocessing;
    private readonly ImageDecoders _decoders;

    private ImageModel(string path, ModelCard card, ImageDecoders decoders, OnnxSession session)
    {
        (Path, Card, _decoders, _session) = (path, card, decoders, session);
        _preprocessing = card.Preprocessing;
    }

    /// <summary>The file it came from.</summary>
    public string Path { get; }

    /// <summary>What the file says of itself.</summary>
    public ModelCard Card { get; }

    /// <summary>Class names in the order of the probabilities; empty for regression.</summary>
    public IReadOnlyList<string> Classes => Card.Classes;

    /// <summary>The provider that runs it.</summary>
    public ExecutionProvider Provider => _session.Provider;

    /// <summary>Bytes of one preprocessed image.</summary>
    internal int PixelBytes => _preprocessing.ByteCount;

    /// <summary>Loads a fused model.</summary>
    /// <param name="path">An .onnx file written by <see cref="FusedModel"/>.</param>
    /// <param name="provider">What shall run it; there is no silent fall-back.</param>
    /// <param name="threads">Threads of the runtime; 0: all cores.</param>
    /// <param name="jpeg">How JPEG images become pixels; null: as they did when the head was fitted.</param>
    /// <exception cref="OnnxTransferException">No such file, no fused model, or the provider or the decoder is not to be had.</exception>
    public static ImageModel Load(string path, ExecutionProvider provider = ExecutionProvider.Auto, int threads = 0, JpegDecoding? jpeg = null)
    {
        var model = OnnxModel.Load(path);
        var card = ReadCard(path, model);
        var decoders = ImageDecoders.Default.WithJpeg(jpeg ?? card.Jpeg, card.Preprocessing);
        return new ImageModel(path, card, decoders, OnnxSession.Open(model, new SessionSettings { Provider = provider, Threads = threads }));
    }

    /// <summary>Predicts for the image in a file.</summary>
    /// <exception cref="ImageException">The file is no image that can be decoded.</exception>
    /// <exception cref="DatasetException">The file cannot be read.</exception>
    public ImagePrediction Predict(string imagePath) =>
        Predict(new DatasetItem { Images = [new ImageSource(System.IO.Path.GetFullPath(imagePath))] });

    /// <summary>Predicts for an encoded image.</summary>
    /// <param name="encoded">The bytes of a JPEG, PNG, ... file.</param>
    /// <param name="name">What errors shall call it.</param>
    public ImagePrediction Predict(ReadOnlySpan<byte> encoded, string name = "image")
    {
        RefuseMissingNumbers([]);
        var pixels = new byte[PixelBytes];
        using (var image = _decoders.Decode(encoded, name))
        {
            _preprocessing.Apply(image, pixels, name);
        }

        return new ImagePrediction(Card, Run(pixels, 1, [])[0]);
    }

    /// <summary>
    /// Predicts for an item: one photo, or several where the model averages photos, with the numbers the model wants.
    /// </summary>
    /// <exception cref="OnnxTransferException">A photo cannot be decoded, or photos or numbers are not what the model wants.</exception>
    public ImagePrediction Predict(DatasetItem item)
    {
        if (item.Images.Count > 1 && !Card.AveragesPhotos)
        {
            throw new OnnxTransferException($"{item.Name}: {item.Images.Count} photos given, but {Path} takes one at a time; predict for each of them");
        }

        RefuseMissingNumbers(item.Numbers);
        using var files = new ImageBytes();
        var pixels = new byte[item.Images.Count * PixelBytes];
        var buffer = Array.Empty<byte>();
        for (var i = 0; i < item.Images.Count; i++)
        {
            Prepare(item.Images[i], files, ref buffer, pixels.AsSpan(i * PixelBytes, PixelBytes));
        }

        return new ImagePrediction(Card, Run(pixels, item.Images.Count, item.Numbers)[0]);
    }

    /// <inheritdoc/>
    public void Dispose() => _session.Dispose();

    /// <summary>Reads, decodes, resizes and crops one image.</summary>
    internal void Prepare(ImageSource source, ImageBytes files, ref byte[] buffer, Span<byte> pixels)
    {
        var bytes = files.Read(source, ref buffer);
        using var image = _decoders.Decode(bytes, source);
        _preprocessing.Apply(image, pixels, source.Name);
    }

    /// <summary>Runs <paramref name="count"/> preprocessed images; one output row for each, or one in all where photos are averaged.</summary>
    internal float[][] Run(byte[] pixels, int count, IReadOnlyList<float> numbers)
    {
        // A graph of a fixed batch answers for the padding too, and reads numbers for it. Such a graph averages no photos.
        var only = _session.Inputs.FirstOrDefault(input => input.Name == FusedModel.Pixels) is { Dimensions: [> 0 and var batch, ..] } ? (int)batch : 0;
        var images = only > 0 ? only : count;
        Array.Resize(ref pixels, images * PixelBytes);
        var inputs = new Dictionary<string, TensorValue>
        {
            [FusedModel.Pixels] = TensorValue.OfBytes(pixels, images, _preprocessing.CropHeight, _preprocessing.CropWidth, 3),
        };
        if (numbers.Count > 0)
        {
            var items = Math.Max(only, 1);
            inputs[FusedModel.Numbers] = TensorValue.Of([.. Enumerable.Repeat(numbers, items).SelectMany(row => row)], items, numbers.Count);
        }

        var output = Card.IsRegression ? FusedModel.Value : FusedModel.Probabilities;
        return [.. _session.Run(inputs, [output])[output].Floats.Chunk(Card.IsRegression ? Math.Max(1, Card.ValueNames.Count) : Classes.Count)];
    }

    private void RefuseMissingNumbers(IReadOnlyList<float> numbers)
    {
        if (numbers.Count != Card.Numbers.Count)
        {
            throw new OnnxTransferException(
                $"{Path} wants {Card.Numbers.Count} numbers beside the image ({string.Join(", ", Card.Numbers)}) and got {numbers.Count}; give them as the numbers of the item, or as columns of a manifest");
        }
    }

    private static ModelCard ReadCard(string path, OnnxModel model)
    {
        if (!model.Metadata.TryGetValue(ModelCard.MetadataKey, out var json))
        {
            throw new OnnxException($"{path}: an ONNX file, but no fused model: it has no metadata '{ModelCard.MetadataKey}'; expected a file written by train -o");
        }

        try
        {
            var card = ModelCard.Parse(json);
            return card.Format == ModelCard.CurrentFormat
                ? card
                : throw new OnnxException($"{path}: its card has format {card.Format}, this version reads {ModelCard.CurrentFormat}; use the version that wrote it");
        }
        catch (JsonException error)
        {
            throw new OnnxException($"{path}: its metadata '{ModelCard.MetadataKey}' is damaged ({error.Message})", error);
        }
    }
}
