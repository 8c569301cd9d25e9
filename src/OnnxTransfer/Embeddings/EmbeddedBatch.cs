using OnnxTransfer.Inference;

namespace OnnxTransfer.Embeddings;

/// <summary>A batch's embeddings on their way to the disk. The arrays are used again and again.</summary>
internal sealed class EmbeddedBatch(int size, IReadOnlyList<int> widths)
{
    private readonly ImageIdentity[] _images = new ImageIdentity[size];
    private readonly float[]?[] _values = new float[widths.Count][];

    public int Count { get; private set; }

    /// <summary>Indices of the backbone's taps that were computed.</summary>
    public IReadOnlyList<int> Taps { get; private set; } = [];

    public ReadOnlySpan<ImageIdentity> Images => _images.AsSpan(0, Count);

    /// <summary>Takes over what a lane's last run gave.</summary>
    public void Take(ReadOnlySpan<ImageIdentity> images, IReadOnlyList<int> taps, BatchBuffers buffers)
    {
        (Count, Taps) = (images.Length, taps);
        images.CopyTo(_images);
        for (var i = 0; i < taps.Count; i++)
        {
            buffers.Output(i).CopyTo(_values[taps[i]] ??= new float[size * widths[taps[i]]]);
        }
    }

    /// <summary>A tap at which a number is infinite or none; null where all are finite.</summary>
    public int? NotFinite()
    {
        foreach (var tap in Taps)
        {
            if (_values[tap].AsSpan(0, Count * widths[tap]).ContainsAnyExceptInRange(float.MinValue, float.MaxValue))
            {
                return tap;
            }
        }

        return null;
    }

    /// <summary>The vector of image <paramref name="row"/> at a tap of <see cref="Taps"/>.</summary>
    public ReadOnlySpan<float> Row(int tap, int row) => _values[tap].AsSpan(row * widths[tap], widths[tap]);
}
