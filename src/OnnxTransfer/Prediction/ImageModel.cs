using System.Collections.Concurrent;
using System.Text.Json;
using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Export;
using OnnxTransfer.Heads;
using OnnxTransfer.Imaging;
using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Prediction;

/// <summary>A fused model, loaded: encoded image in, ranked classes or a number out. Safe for many threads.</summary>
public sealed class ImageModel : IDisposable
{
    private const int LargestBatch = 64;

    private readonly OnnxSession _session;
    private readonly PixelPreprocessing _preprocessing;
    private readonly ImageDecoders _decoders;
    private readonly ConcurrentBag<byte[]> _idleFiles = [];
    private readonly ConcurrentBag<byte[]> _idlePixels = [];
    private readonly int _fixedBatch;

    private ImageModel(string path, ModelCard card, ImageDecoders decoders, OnnxSession session)
    {
        (Path, Card, _decoders, _session) = (path, card, decoders, session);
        _preprocessing = card.Preprocessing;
        _fixedBatch = session.Inputs.FirstOrDefault(input => input.Name == FusedModel.Pixels) is { Dimensions: [> 0 and var batch, ..] } ? (int)batch : 0;
    }

    /// <summary>The file it came from.</summary>
    public string Path { get; }

    /// <summary>What the file says of itself.</summary>
    public ModelCard Card { get; }

    /// <summary>Class names in the order of the probabilities; empty for regression.</summary>
    public IReadOnlyList<string> Classes => Card.Classes;

    /// <summary>The provider that runs it.</summary>
    public ExecutionProvider Provider => _session.Provider;

    /// <summary>
    /// Augmented views: every answer is the mean over the image as it is and these, each run once (test-time augmentation). What is
    /// drawn follows from the image's content, so that the same image has the same answer. None unless set; to be set before
    /// anything is predicted.
    /// </summary>
    public IReadOnlyList<AugmentedView> TestViews { get; set; } = [];

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
        RuntimeStart.Begin(); // its library loads while the file is read and checked
        var file = OnnxModel.ReadFile(path);
        var model = ModelReader.Read(file, path, path);
        var card = ReadCard(path, model);
        var decoders = ImageDecoders.Default.WithJpeg(jpeg ?? card.Jpeg, card.Preprocessing);
        return new ImageModel(path, card, decoders, OnnxSession.Open(model, file, new SessionSettings { Provider = provider, Threads = threads }));
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
        byte[][] pixels = IdlePixels();
        using (var image = _decoders.Decode(encoded, name))
        {
            Preprocess(image, encoded, name, pixels, 0);
        }

        var prediction = new ImagePrediction(Card, Run(pixels, 1, [])[0]);
        Array.ForEach(pixels, _idlePixels.Add);
        return prediction;
    }

    /// <summary>
    /// Predicts for an item: one photo, or several where the model averages photos, with the numbers the model wants.
    /// </summary>
    /// <exception cref="OnnxTransferException">A photo cannot be decoded, or photos or numbers are not what the model wants.</exception>
    public ImagePrediction Predict(DatasetItem item)
    {
        Check(item);
        using var files = new ImageBytes();
        byte[][] pixels = item.Images.Count == 1 ? IdlePixels() : [.. Enumerable.Range(0, Looks).Select(_ => new byte[item.Images.Count * PixelBytes])];
        for (var i = 0; i < item.Images.Count; i++)
        {
            Prepare(item.Images[i], files, pixels, i * PixelBytes);
        }

        var prediction = new ImagePrediction(Card, Run(pixels, item.Images.Count, item.Numbers)[0]);
        if (item.Images.Count == 1)
        {
            Array.ForEach(pixels, _idlePixels.Add);
        }

        return prediction;
    }

    /// <summary>
    /// Predicts for many items, in their order, in batches: images are decoded on all processors while the batch before runs.
    /// The answers are those of <see cref="Predict(DatasetItem)"/>, to the rounding of a sum; memory holds two batches of
    /// pixels, however many items there are. An item that fails has its reason in its place, and the rest goes on.
    /// </summary>
    /// <param name="items">Items as <see cref="Predict(DatasetItem)"/> takes them, such as <see cref="Dataset.Items"/>.</param>
    /// <param name="batchSize">Images per run; 0: 8 to 64, by the size of the input. A graph of a fixed batch knows but its own.</param>
    /// <param name="cancellation">Ends it between batches.</param>
    /// <exception cref="InferenceException">ONNX Runtime failed: no item's fault.</exception>
    /// <exception cref="DecoderException">A decoder cannot go on, whatever the image.</exception>
    public IEnumerable<ItemPrediction> PredictAll(IReadOnlyList<DatasetItem> items, int batchSize = 0, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(batchSize);
        cancellation.ThrowIfCancellationRequested();
        return items.Count == 1
            ? [PredictAlone(items[0])]
            : PredictBatches(items, _fixedBatch > 0 ? _fixedBatch : batchSize > 0 ? batchSize : UsualBatch, cancellation);
    }

    /// <inheritdoc/>
    public void Dispose() => _session.Dispose();

    /// <summary>Whether an error is one item's, so that others may still be predicted.</summary>
    internal static bool IsOfItem(OnnxTransferException error) => error is not (InferenceException or DecoderException);

    /// <summary>Refuses an item that is not what the model takes.</summary>
    internal void Check(DatasetItem item)
    {
        if (item.Images.Count > 1 && !Card.AveragesPhotos)
        {
            throw new OnnxTransferException($"{item.Name}: {item.Images.Count} photos given, but {Path} takes one at a time; predict for each of them");
        }

        RefuseMissingNumbers(item.Numbers);
    }

    /// <summary>How often an image is run: as it is and once for each view.</summary>
    internal int Looks => 1 + TestViews.Count;

    /// <summary>Reads, decodes, resizes and crops one image.</summary>
    /// <param name="source">Where it is.</param>
    /// <param name="files">Open files.</param>
    /// <param name="pixels">By look: the image as it is, then every view; each receives <see cref="PixelBytes"/>.</param>
    /// <param name="at">Where in each.</param>
    internal void Prepare(ImageSource source, ImageBytes files, byte[][] pixels, int at)
    {
        var buffer = Idle(_idleFiles, 0);
        try
        {
            var bytes = files.Read(source, ref buffer);
            using var image = _decoders.Decode(bytes, source);
            Preprocess(image, bytes, source.Name, pixels, at);
        }
        finally
        {
            _idleFiles.Add(buffer);
        }
    }

    /// <summary>The mean of the looks' answers.</summary>
    /// <param name="pixels">By look: count x <see cref="PixelBytes"/>.</param>
    /// <param name="count">How many images.</param>
    /// <param name="numbers">As of the other overload.</param>
    internal float[][] Run(byte[][] pixels, int count, IReadOnlyList<float> numbers)
    {
        float[][] mean = Run(pixels[0], count, numbers);
        foreach (byte[] view in pixels.AsSpan(1))
        {
            foreach (var (i, answer) in Run(view, count, numbers).Index())
            {
                ViewAverage.Add(answer, mean[i]);
            }
        }

        Array.ForEach(mean, answer => ViewAverage.Divide(answer, pixels.Length));
        return mean;
    }

    /// <summary>
    /// Runs <paramref name="count"/> preprocessed images; one output row for each, or one in all where photos are averaged.
    /// </summary>
    /// <param name="pixels">Count x <see cref="PixelBytes"/>.</param>
    /// <param name="count">How many images.</param>
    /// <param name="numbers">The further numbers of all rows, row by row; empty where the model wants none.</param>
    internal float[][] Run(byte[] pixels, int count, IReadOnlyList<float> numbers)
    {
        // A graph of a fixed batch answers for the padding too, and reads numbers for it. Such a graph averages no photos.
        var images = _fixedBatch > 0 ? _fixedBatch : count;
        if (pixels.Length != images * PixelBytes)
        {
            Array.Resize(ref pixels, images * PixelBytes);
        }

        var inputs = new Dictionary<string, TensorValue>
        {
            [FusedModel.Pixels] = TensorValue.OfBytes(pixels, images, _preprocessing.CropHeight, _preprocessing.CropWidth, 3),
        };
        if (numbers.Count > 0)
        {
            var rows = Card.AveragesPhotos ? 1 : images;
            var padded = new float[rows * Card.Numbers.Count];
            for (var i = 0; i < numbers.Count; i++)
            {
                padded[i] = numbers[i];
            }

            inputs[FusedModel.Numbers] = TensorValue.Of(padded, rows, Card.Numbers.Count);
        }

        var output = Card.IsRegression ? FusedModel.Value : FusedModel.Probabilities;
        return [.. _session.Run(inputs, [output])[output].Floats.Chunk(Card.IsRegression ? Math.Max(1, Card.ValueNames.Count) : Classes.Count)];
    }

    // Small inputs want large batches, since every run has its price; large ones gain nothing on a processor but use of memory.
    private int UsualBatch => Provider.IsGpu() ? LargestBatch
        : (int)Math.Clamp(8L * 224 * 224 / ((long)_preprocessing.CropHeight * _preprocessing.CropWidth), 8, LargestBatch);

    private ItemPrediction PredictAlone(DatasetItem item)
    {
        try
        {
            return new ItemPrediction(item, Predict(item), null);
        }
        catch (OnnxTransferException error) when (IsOfItem(error))
        {
            return new ItemPrediction(item, null, error.Message);
        }
    }

    private IEnumerable<ItemPrediction> PredictBatches(IReadOnlyList<DatasetItem> items, int batchSize, CancellationToken cancellation)
    {
        using var files = new ImageBytes();
        var (ready, coming) = (new PixelBatch(this), new PixelBatch(this));
        var next = coming.Take(items, 0, batchSize);
        var preparing = coming.PrepareAsync(files, cancellation);
        try
        {
            for (var more = items.Count > 0; more;)
            {
                preparing.GetAwaiter().GetResult();
                (ready, coming) = (coming, ready);
                more = next < items.Count;
                if (more)
                {
                    next = coming.Take(items, next, batchSize);
                    preparing = coming.PrepareAsync(files, cancellation);
                }

                foreach (var answer in ready.Run())
                {
                    yield return answer;
                }
            }
        }
        finally
        {
            // Whoever stops reading half-way shall not leave decoding behind that uses what is disposed of here.
            preparing.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default).Wait(CancellationToken.None);
        }
    }

    private void Preprocess(RgbImage image, ReadOnlySpan<byte> encoded, string name, byte[][] pixels, int at)
    {
        _preprocessing.Apply(image, pixels[0].AsSpan(at, PixelBytes), name);
        if (TestViews.Count == 0)
        {
            return;
        }

        var key = ContentKey.Of(encoded);
        foreach (var (i, view) in TestViews.Index())
        {
            view.Augmentation.Apply(image, _preprocessing, view.SeedOf(key), pixels[i + 1].AsSpan(at, PixelBytes), name);
        }
    }

    private byte[][] IdlePixels() => [.. Enumerable.Range(0, Looks).Select(_ => Idle(_idlePixels, PixelBytes))];

    private static byte[] Idle(ConcurrentBag<byte[]> idle, int length) => idle.TryTake(out var array) ? array : new byte[length];

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
