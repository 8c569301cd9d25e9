using OnnxTransfer.Embeddings;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Benchmarks;

/// <summary>A cache with spaces of planted embeddings, whose keys are the numbers of its rows.</summary>
internal sealed class CachedSpace : IDisposable
{
    private readonly WorkFolder _folder = new();
    private readonly string _place;
    private EmbeddingCache _cache;

    public CachedSpace(Matrix values, params int[] widths)
    {
        _place = _folder.New();
        _cache = EmbeddingCache.Open(_place);
        int column = 0;
        foreach (int width in widths)
        {
            using var writer = new PartWriter(_cache.Space(Identity(column, width)), PartLimits.Default);
            for (int i = 0; i < values.Count; i++)
            {
                writer.Add(Key(i), values[i].Slice(column, width));
            }

            writer.Flush();
            column += width;
        }

        Widths = widths;
        Reopen();
    }

    public int[] Widths { get; }

    /// <summary>Of each tap.</summary>
    public EmbeddingSpace[] Spaces { get; private set; } = [];

    /// <summary>Anything but random numbers would do as well.</summary>
    public static Matrix Plant(int rows, int width)
    {
        var (matrix, random) = (new Matrix(rows, width), new SeededRandom(1));
        foreach (ref float value in matrix.Values.AsSpan())
        {
            value = (float)random.NextDouble();
        }

        return matrix;
    }

    public static ContentKey Key(int index) => ContentKey.Of(BitConverter.GetBytes(index));

    /// <summary>As a new process finds the cache: nothing is mapped, but the files are in the system's page cache.</summary>
    public void Reopen()
    {
        _cache.Dispose();
        _cache = EmbeddingCache.Open(_place);
        int column = 0;
        Spaces = [.. Widths.Select(width => _cache.Space(Identity((column += width) - width, width)))];
    }

    public void Dispose()
    {
        _cache.Dispose();
        _folder.Dispose();
    }

    public static SpaceIdentity Identity(int column, int width) => new()
    {
        Backbone = "made up", BackboneSha256 = "", Tap = "", Computation = $"{column}", Preprocessing = "", Decoder = "", Precision = "fp32", Width = width,
    };
}
