using System.Security.Cryptography;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Imaging;
using OnnxTransfer.Inference;

namespace OnnxTransfer.Heads.Tuning;

/// <summary>
/// The images of a data set as the pixels that a network reads, byte for byte those that it would be embedded from, or
/// augmented. As many as fit into the budget are decoded once and kept; the others are read anew every time, which changes no
/// pixel.
/// </summary>
internal sealed class PixelImages : IDisposable
{
    // Of larger images, in bytes over those of the network's, less is gained by keeping them than by keeping several others.
    private const int MostTimesLarger = 16;

    private readonly PixelPreprocessing _preprocessing;
    private readonly PixelPreprocessing _none;
    private readonly bool _whole;
    private readonly ImageDecoders _decoders;
    private readonly ImageBytes _files = new();
    private readonly ThreadLocal<ReadBuffer> _buffers = new(() => new ReadBuffer());
    private ImageSource[] _sources = [];
    private KeptImage?[] _kept = [];
    private long _room;

    private PixelImages(PixelPreprocessing preprocessing, bool whole, EmbedSettings settings, long budget)
    {
        (_preprocessing, _whole, Threads, _room) = (preprocessing, whole, settings.Decoders, budget);
        _none = PixelPreprocessing.Exact(preprocessing.CropHeight, preprocessing.CropWidth, preprocessing.Interpolation);
        _decoders = ImageDecoders.Default.WithJpeg(settings.Jpeg, preprocessing);
    }

    /// <summary>Those that can be read, an item each: the photos of an item share its weight evenly, and are one group.</summary>
    public Dataset Dataset { get; private set; } = null!;

    /// <summary>Those that cannot be read, in data set order.</summary>
    public IReadOnlyList<EmbedFailure> Failures { get; private set; } = [];

    /// <summary>SHA-256 over the contents of all of <see cref="Dataset"/>, in its order.</summary>
    public string ContentSha256 { get; private set; } = "";

    /// <summary>Bytes of one image: height x width x 3.</summary>
    public int ByteCount => _preprocessing.ByteCount;

    /// <summary>How many are kept in memory.</summary>
    public int Kept => _kept.Count(pixels => pixels is not null);

    /// <summary>Threads that may decode at once.</summary>
    public int Threads { get; }

    /// <summary>What pixels may take in memory unless said otherwise: a quarter of what this process may use.</summary>
    public static long DefaultBudget => MemoryNeed.Available / 4;

    /// <summary>The same of images that are kept resized and cropped.</summary>
    /// <inheritdoc cref="Open(Dataset, PixelPreprocessing, bool, EmbedSettings, long?, CancellationToken)"/>
    public static PixelImages Open(
        Dataset dataset, PixelPreprocessing preprocessing, EmbedSettings settings, long? budget = null, CancellationToken cancellation = default) =>
        Open(dataset, preprocessing, whole: false, settings, budget, cancellation);

    /// <summary>Decodes every image once, to know which can be, and keeps those that fit.</summary>
    /// <param name="dataset">What is to be learned from.</param>
    /// <param name="preprocessing">What the network wants.</param>
    /// <param name="whole">Whether images are kept as they are decoded, for augmentations that crop them, not resized and cropped.</param>
    /// <param name="settings">Threads, the way of JPEG, how many images may fail.</param>
    /// <param name="budget">Bytes of pixels to keep; null: <see cref="DefaultBudget"/>.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="TooManyFailuresException">More images failed than the settings allow, or all of them.</exception>
    public static PixelImages Open(
        Dataset dataset, PixelPreprocessing preprocessing, bool whole, EmbedSettings settings, long? budget = null, CancellationToken cancellation = default)
    {
        var images = new PixelImages(preprocessing, whole, settings, budget ?? DefaultBudget);
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
    /// <param name="image">Its number in <see cref="Dataset"/>.</param>
    /// <param name="augmentation">What is changed of them; null: nothing.</param>
    /// <param name="seed">Decides what the augmentation draws.</param>
    /// <param name="pixels">Receives them.</param>
    /// <exception cref="OnnxTransferException">Its file can no longer be read.</exception>
    public void Copy(int image, Augmentation? augmentation, ulong seed, Span<byte> pixels)
    {
        if (augmentation is null && IsReady(image))
        {
            _kept[image]!.Pixels.CopyTo(pixels);
            return;
        }

        string name = _sources[image].Name;
        using var decoded = _kept[image] is { } kept ? kept.ToImage() : Decode(_sources[image]);
        var preprocessing = _kept[image] is null || _whole ? _preprocessing : _none;
        if (augmentation is null)
        {
            preprocessing.Apply(decoded, pixels, name);
        }
        else
        {
            augmentation.Apply(decoded, preprocessing, seed, pixels, name);
        }
    }

    /// <summary>Whether <see cref="Copy"/> without augmentation only copies.</summary>
    public bool IsReady(int image) => !_whole && _kept[image] is not null;

    public void Dispose()
    {
        _files.Dispose();
        _buffers.Dispose();
    }

    private void Read(Dataset dataset, EmbedSettings settings, CancellationToken cancellation)
    {
        var all = new DatasetImages(dataset.Items);
        var kept = new KeptImage?[all.Count];
        var keys = new ContentKey[all.Count];
        var reasons = new string?[all.Count];
        var options = new ParallelOptions { MaxDegreeOfParallelism = Threads, CancellationToken = cancellation };
        Parallel.For(0, all.Count, options, image =>
        {
            try
            {
                var bytes = Read(all[image]);
                keys[image] = ContentKey.Of(bytes);
                using var decoded = _decoders.Decode(bytes, all[image]);
                kept[image] = Keep(decoded, all[image].Name);
            }
            catch (OnnxTransferException error)
            {
                reasons[image] = error.Message;
            }
        });
        Failures = [.. Enumerable.Range(0, all.Count).Where(i => reasons[i] is not null).Select(i => new EmbedFailure(all[i].Name, reasons[i]!))];
        Check(all.Count, settings.MaxFailures);
        int[] there = [.. Enumerable.Range(0, all.Count).Where(i => reasons[i] is null)];
        (_sources, _kept, ContentSha256) = ([.. there.Select(i => all[i])], [.. there.Select(i => kept[i])], Hash(there.Select(i => keys[i])));
        Dataset = dataset with { Items = all.IsOneEach && Failures.Count == 0 ? dataset.Items : Apart(dataset.Items, reasons) };
    }

    // Each readable image as an item of its own; photos of one item stay one group, so that none is trained on and others validated by.
    private static List<DatasetItem> Apart(IReadOnlyList<DatasetItem> items, string?[] reasons)
    {
        var (apart, next) = (new List<DatasetItem>(), 0);
        foreach (var item in items)
        {
            int first = next;
            next += item.ImageCount;
            int[] readable = [.. Enumerable.Range(first, item.ImageCount).Where(i => reasons[i] is null)];
            string? group = item.Group ?? (item.ImageCount > 1 ? $"\u0000photos of {item.Name}" : null);
            apart.AddRange(readable.Select(i => item with { Images = [item.Image(i - first)], Weight = item.Weight / readable.Length, Group = group }));
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

    private KeptImage? Keep(RgbImage decoded, string name)
    {
        long size = _whole ? 3L * decoded.Width * decoded.Height : ByteCount;
        bool isKept = size <= (long)MostTimesLarger * ByteCount && Take(size);
        if (_whole)
        {
            return isKept ? new(decoded.Pixels.ToArray(), decoded.Width, decoded.Height) : null;
        }

        // Resized in any case: that may fail too.
        var pixels = GC.AllocateUninitializedArray<byte>(ByteCount);
        _preprocessing.Apply(decoded, pixels, name);
        return isKept ? new(pixels, _preprocessing.CropWidth, _preprocessing.CropHeight) : null;
    }

    // What does not fit takes nothing: a smaller image after it may.
    private bool Take(long size)
    {
        bool fits = Interlocked.Add(ref _room, -size) >= 0;
        if (!fits)
        {
            Interlocked.Add(ref _room, size);
        }

        return fits;
    }

    private RgbImage Decode(ImageSource source) => _decoders.Decode(Read(source), source);

    private ReadOnlySpan<byte> Read(ImageSource source) => _files.Read(source, ref _buffers.Value!.Bytes);

    private static string Hash(IEnumerable<ContentKey> keys)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] bytes = new byte[ContentKey.Size];
        foreach (var key in keys)
        {
            key.Write(bytes);
            hash.AppendData(bytes);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private sealed class ReadBuffer
    {
        public byte[] Bytes = [];
    }

    private sealed record KeptImage(byte[] Pixels, int Width, int Height)
    {
        public RgbImage ToImage()
        {
            var image = new RgbImage(Width, Height);
            Pixels.CopyTo(image.Pixels);
            return image;
        }
    }
}
