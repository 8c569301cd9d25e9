using System.Runtime.ExceptionServices;
using OnnxTransfer.Imaging;
using OnnxTransfer.Imaging.Augmentations;
using OnnxTransfer.Training;

namespace OnnxTransfer.Heads.Tuning;

/// <summary>
/// Images as training rows: uint8 pixels [H, W, 3] and the targets given with them. What is not in memory as it is wanted is
/// decoded by as many threads as there are, the next batch while a step runs.
/// </summary>
internal sealed class PixelRows : ITrainingRows, IDisposable
{
    private readonly PixelImages _images;
    private readonly int[] _items;
    private readonly float[] _targets;
    private readonly float[] _weights;
    private byte[] _ahead = [];
    private int[] _rows = [];
    private int _epoch;
    private Task? _decoding;

    /// <summary>Rows of all images, in their order.</summary>
    /// <inheritdoc cref="PixelRows(PixelImages, int[], float[], double[])"/>
    public PixelRows(PixelImages images, float[] targets, double[] weights)
        : this(images, [.. Enumerable.Range(0, images.Dataset.Items.Count)], targets, weights)
    {
    }

    /// <summary>Rows that are images at <paramref name="items"/>; the images are not disposed with them.</summary>
    /// <param name="images">May be shared.</param>
    /// <param name="items">Numbers of images.</param>
    /// <param name="targets">k numbers for each row; empty: none are written, where targets follow from the pixels.</param>
    /// <param name="weights">One for each row, of any mean; empty: all 1.</param>
    public PixelRows(PixelImages images, int[] items, float[] targets, double[] weights)
    {
        if (items.Length == 0 || targets.Length % items.Length != 0 || (weights.Length != items.Length && weights.Length > 0))
        {
            throw new ArgumentException($"{items.Length} images, {targets.Length} targets and {weights.Length} weights; expected at least one image, k targets for each, and one weight or none");
        }

        (_images, _items, _targets) = (images, items, targets);
        double mean = weights.Length == 0 ? 1 : weights.Average();
        _weights = weights.Length == 0 ? FreshWeights.All(items.Length, 1) : Array.ConvertAll(weights, weight => (float)(weight / mean));
    }

    /// <summary>What is changed of every image, otherwise in every epoch; null: nothing.</summary>
    public Augmentation? Augmentation { get; init; }

    /// <summary>Decides, with image and epoch, what the augmentation draws.</summary>
    public long Seed { get; init; }

    /// <inheritdoc/>
    public int Count => _weights.Length;

    /// <summary>k.</summary>
    public int TargetWidth => _targets.Length / Count;

    /// <inheritdoc/>
    public void Prepare(int epoch, ReadOnlySpan<int> rows)
    {
        if (IsCopied(rows) || IsPrepared(epoch, rows))
        {
            return;
        }

        Dispose();
        (_epoch, _rows) = (epoch, rows.ToArray());
        if (_ahead.Length < rows.Length * _images.ByteCount)
        {
            _ahead = GC.AllocateUninitializedArray<byte>(rows.Length * _images.ByteCount);
        }

        _decoding = Task.Run(Decode);
    }

    /// <inheritdoc/>
    public void Fill(int epoch, ReadOnlySpan<int> rows, Span<byte> inputs, Span<float> targets, Span<float> weights)
    {
        for (int i = 0; i < rows.Length; i++)
        {
            weights[i] = _weights[rows[i]];
            _targets.AsSpan(rows[i] * TargetWidth, TargetWidth).CopyTo(targets[(i * TargetWidth)..]);
        }

        if (!IsCopied(rows))
        {
            Prepare(epoch, rows);
            (var decoding, _decoding) = (_decoding!, null);
            decoding.GetAwaiter().GetResult();
            _ahead.AsSpan(0, rows.Length * _images.ByteCount).CopyTo(inputs);
            return;
        }

        for (int i = 0; i < rows.Length; i++)
        {
            _images.Copy(_items[rows[i]], null, 0, inputs.Slice(i * _images.ByteCount, _images.ByteCount));
        }
    }

    /// <summary>Waits for what is being decoded.</summary>
    public void Dispose()
    {
        // What failed fails again when it is asked for.
        _decoding?.ContinueWith(_ => { }, TaskScheduler.Default).Wait();
        _decoding = null;
    }

    private bool IsPrepared(int epoch, ReadOnlySpan<int> rows) => _decoding is not null && epoch == _epoch && rows.SequenceEqual(_rows);

    private bool IsCopied(ReadOnlySpan<int> rows)
    {
        foreach (int row in rows)
        {
            if (Augmentation is not null || !_images.IsReady(_items[row]))
            {
                return false;
            }
        }

        return true;
    }

    private void Decode()
    {
        int size = _images.ByteCount;
        try
        {
            Parallel.For(0, _rows.Length, new ParallelOptions { MaxDegreeOfParallelism = _images.Threads },
                i => _images.Copy(_items[_rows[i]], Augmentation, SeedOf(Seed, _epoch, _items[_rows[i]]), _ahead.AsSpan(i * size, size)));
        }
        catch (AggregateException errors)
        {
            ExceptionDispatchInfo.Throw(errors.InnerExceptions[0]);
        }
    }

    /// <summary>The seed of an image in an epoch.</summary>
    internal static ulong SeedOf(long seed, int epoch, int item) => unchecked(Draws.Mix(Draws.Mix(Draws.Mix((ulong)seed) + (ulong)epoch) + (ulong)item));
}
