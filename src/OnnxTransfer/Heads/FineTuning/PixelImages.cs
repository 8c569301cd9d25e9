using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Imaging;
using OnnxTransfer.Inference;

namespace OnnxTransfer.Heads.FineTuning;

/// <summary>
/// The images of a data set as the pixels that a network reads, byte for byte those that it would be embedded from. As many
/// as fit into the budget are decoded once and kept; the others are read anew every time, which changes no pixel.
/// </summary>
internal sealed class PixelImages : IDisposable
{
    private readonly PixelPreprocessing _preprocessing;
    private readonly ImageDecoders _decoders;
    private readonly ImageBytes _files = new();
    private readonly ThreadLocal<byte[]> _buffers = new(() => []);
    private ImageSource[] _sources = [];
    private byte[]?[] _kept = [];
    private long _room;

    private PixelImages(PixelPreprocessing preprocessing, EmbedSettings settings, long budget)
    {
        (_preprocessing, Threads, _room) = (preprocessing, settings.Decoders, budget);
        _decoders = ImageDecoders.Default.WithJpeg(settings.Jpeg, preprocessing);
    }

    /// <summary>Those that can be read, an item each: the photos of an item share its weight evenly.</summary>
    public Dataset Dataset { get; private set; } = null!;

    /// <summary>Those that cannot be read, in data set order.</summary>
    public IReadOnlyList<EmbedFailure> Failures { get; private set; } = [];

    /// <summary>Bytes of one image: height x width x 3.</summary>
    public int ByteCount => _preprocessing.ByteCount;

    /// <summary>How many are kept in memory.</summary>
    public int Kept => _kept.Count(pixels => pixels is not null);

    /// <summary>Threads that may decode at once.</summary>
    public int Threads { get; }

    /// <summary>What pixels may take in memory unless said otherwise: a quarter of what this process may use.</summary>
    public static long DefaultBudget => MemoryNeed.Available / 4;

    /// <summary>Decodes every image once, to know which can be, and keeps those that fit.</summary>
    /// <param name="dataset">What is to be learned from.</param>
    /// <param name="preprocessing">What the network wants.</param>
    /// <param name="settings">Threads, the way of JPEG, how many images may fail.</param>
    /// <param name="budget">Bytes of pixels to keep; null: <see cref="DefaultBudget"/>.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="TooManyFailuresException">More images failed than the settings allow, or all of them.</exception>
    public static PixelImages Open(
        Dataset dataset, PixelPreprocessing preprocessing, EmbedSettings settings, long? budget = null, CancellationToken cancellation = default)
    {
        var images = new PixelImages(preprocessing, settings, budget ?? DefaultBudget);
        try
        {
            images.Read(dataset, settings, cancellation);
            return images;
        }
        catch
        {
            images.Dispose();
            throw;
        }
    }

    /// <summary>Writes the pixels of one image, [H, W, 3].</summary>
    /// <exception cref="OnnxTransferException">Its file can no longer be read.</exception>
    public void Copy(int image, Span<byte> pixels)
    {
        if (_kept[image] is { } kept)
        {
            kept.CopyTo(pixels);
        }
        else
        {
            Decode(_sources[image], pixels);
        }
    }

    /// <summary>Whether an image is read from memory.</summary>
    public bool IsKept(int image) => _kept[image] is not null;

    public void Dispose()
    {
        _files.Dispose();
        _buffers.Dispose();
    }

    private void Read(Dataset dataset, EmbedSettings settings, CancellationToken cancellation)
    {
        var all = new DatasetImages(dataset.Items);
        var kept = new byte[]?[all.Count];
        var reasons = new string?[all.Count];
        var options = new ParallelOptions { MaxDegreeOfParallelism = Threads, CancellationToken = cancellation };
        Parallel.For(0, all.Count, options, () => new byte[ByteCount], (image, _, pixels) =>
        {
            try
            {
                Decode(all[image], pixels);
                if (Interlocked.Add(ref _room, -ByteCount) >= 0)
                {
                    kept[image] = pixels;
                    return new byte[ByteCount];
                }
            }
            catch (OnnxTransferException error)
            {
                reasons[image] = error.Message;
            }

            return pixels;
        }, _ => { });
        Failures = [.. Enumerable.Range(0, all.Count).Where(i => reasons[i] is not null).Select(i => new EmbedFailure(all[i].Name, reasons[i]!))];
        Check(all.Count, settings.MaxFailures);
        int[] there = [.. Enumerable.Range(0, all.Count).Where(i => reasons[i] is null)];
        (_sources, _kept) = ([.. there.Select(i => all[i])], [.. there.Select(i => kept[i])]);
        Dataset = dataset with { Items = all.IsOneEach && Failures.Count == 0 ? dataset.Items : Apart(dataset.Items, reasons) };
    }

    // Each readable image as an item of its own.
    private static List<DatasetItem> Apart(IReadOnlyList<DatasetItem> items, string?[] reasons)
    {
        var (apart, next) = (new List<DatasetItem>(), 0);
        foreach (var item in items)
        {
            int first = next;
            next += item.ImageCount;
            int[] readable = [.. Enumerable.Range(first, item.ImageCount).Where(i => reasons[i] is null)];
            apart.AddRange(readable.Select(i => item with { Images = [item.Image(i - first)], Weight = item.Weight / readable.Length }));
        }

        return apart;
    }

    private void Check(int images, int? allowed)
    {
        if (Failures.Count > 0 && (Failures.Count == images || Failures.Count > allowed))
        {
            string most = Failures.Count == images ? "" : $", {allowed} are allowed";
            throw new TooManyFailuresException(
                $"{Failures.Count} of {images} images failed{most}; the first: {Failures[0].Reason}. Mend or remove the images, or allow more failures", Failures);
        }
    }

    private void Decode(ImageSource source, Span<byte> pixels)
    {
        byte[] buffer = _buffers.Value!;
        var bytes = _files.Read(source, ref buffer);
        _buffers.Value = buffer;
        using var image = _decoders.Decode(bytes, source);
        _preprocessing.Apply(image, pixels, source.Name);
    }
}
