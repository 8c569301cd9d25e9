using OnnxTransfer.Numerics;

namespace OnnxTransfer.Embeddings;

/// <summary>Where the embeddings of a run's images lie, looked up once: for each image and each tap a row of a space.</summary>
internal sealed class RunPlaces
{
    private const int BlockRows = 256; // what a thread takes at once: some hundred kilobytes of every tap

    private readonly int _taps;
    private readonly EmbeddingSpace[]?[] _spaces; // of each image, by tap; null where an embedding is missing
    private readonly RowLocation[] _at;           // image by image, tap by tap

    /// <param name="spaces">The spaces of a decoder, by tap.</param>
    /// <param name="images">Decoder and content; a null decoder where an image failed.</param>
    /// <param name="taps">Their number.</param>
    public RunPlaces(Func<string, EmbeddingSpace[]> spaces, ImageIdentity[] images, int taps)
    {
        (_taps, _spaces, _at) = (taps, new EmbeddingSpace[images.Length][], new RowLocation[images.Length * taps]);
        var (decoder, found) = ((string?)null, Array.Empty<EmbeddingSpace>());
        for (var i = 0; i < images.Length; i++)
        {
            if (images[i].Decoder is not { } of)
            {
                continue;
            }

            if (!ReferenceEquals(of, decoder))
            {
                (decoder, found) = (of, spaces(of));
            }

            _spaces[i] = Find(found, images[i].Key, _at.AsSpan(i * taps, taps)) ? found : null;
        }
    }

    /// <summary>True when every tap's embedding of this image is there.</summary>
    public bool Has(int image) => _spaces[image] is not null;

    /// <summary>The embedding of an image at a tap, in the cache's memory map.</summary>
    public ReadOnlySpan<float> Row(int image, int tap) => _spaces[image]![tap].Row(_at[(image * _taps) + tap]);

    /// <summary>The same copied, without mapping the cache.</summary>
    public void Copy(int image, int tap, Span<float> destination) => _spaces[image]![tap].Copy(_at[(image * _taps) + tap], destination);

    /// <summary>
    /// Copies the embeddings of these images into the rows of <paramref name="matrix"/>, taps of <paramref name="widths"/>
    /// side by side. Images that are neighbours in the cache are copied as one.
    /// </summary>
    public void Gather(int[] images, IReadOnlyList<int> widths, Matrix matrix) =>
        Parallel.For(0, (images.Length + BlockRows - 1) / BlockRows, block =>
        {
            var first = block * BlockRows;
            var some = images.AsSpan(first, Math.Min(BlockRows, images.Length - first));
            for (int tap = 0, column = 0; tap < widths.Count; column += widths[tap++])
            {
                Gather(some, tap, matrix, first, column);
            }
        });

    private void Gather(ReadOnlySpan<int> images, int tap, Matrix matrix, int first, int column)
    {
        for (int i = 0, run; i < images.Length; i += run)
        {
            run = Run(images[i..], tap);
            var space = _spaces[images[i]]![tap];
            var width = space.Identity.Width;
            var values = space.Rows(_at[(images[i] * _taps) + tap], run);
            if (width == matrix.Width)
            {
                values.CopyTo(matrix.Values.AsSpan((first + i) * width));
                continue;
            }

            for (var row = 0; row < run; row++)
            {
                values.Slice(row * width, width).CopyTo(matrix.Row(first + i + row)[column..]);
            }
        }
    }

    // How many of the images lie one behind the other at this tap, the first included.
    private int Run(ReadOnlySpan<int> images, int tap)
    {
        var (space, at, run) = (_spaces[images[0]], _at[(images[0] * _taps) + tap], 1);
        while (run < images.Length && ReferenceEquals(_spaces[images[run]], space) && _at[(images[run] * _taps) + tap] == at with { Row = at.Row + run })
        {
            run++;
        }

        return run;
    }

    private static bool Find(EmbeddingSpace[] spaces, ContentKey key, Span<RowLocation> at)
    {
        for (var tap = 0; tap < spaces.Length; tap++)
        {
            if (spaces[tap].Find(key) is not { } place)
            {
                return false;
            }

            at[tap] = place;
        }

        return true;
    }
}
