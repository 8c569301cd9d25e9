namespace OnnxTransfer.Embeddings;

/// <summary>Where an embedding lies within its space.</summary>
/// <param name="Part">Index of the part.</param>
/// <param name="Row">Row within the part.</param>
public readonly record struct RowLocation(int Part, int Row);

/// <summary>
/// The embeddings of one <see cref="SpaceIdentity"/>, found by content. Safe for many threads; other processes may add
/// parts at the same time (<see cref="Refresh"/> finds them).
/// </summary>
public sealed class EmbeddingSpace : IDisposable
{
    private readonly Lock _lock = new();
    private readonly RowIndex<ContentKey, RowLocation> _index = new();
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);
    private MappedPart[] _parts = []; // replaced, never changed: rows are read without a lock
    private int _copied;

    internal EmbeddingSpace(string folder, SpaceIdentity identity)
    {
        Folder = folder;
        Identity = identity;
        Refresh();
    }

    /// <summary>What the embeddings depend on beside the image.</summary>
    public SpaceIdentity Identity { get; }

    /// <summary>The space's folder within the cache.</summary>
    public string Folder { get; }

    /// <summary>Number of different contents.</summary>
    public int Count => _index.Count;

    internal string PartsFolder => PartsOf(Folder);

    internal static string PartsOf(string spaceFolder) => Path.Combine(spaceFolder, "parts");

    /// <summary>Where the embedding of this content lies; null where it is not there.</summary>
    public RowLocation? Find(ContentKey key) => _index.TryFind(key, out var location) ? location : null;

    /// <summary>D values in a memory map; valid until the cache is disposed.</summary>
    public ReadOnlySpan<float> Row(RowLocation location) => Volatile.Read(ref _parts)[location.Part].Row(location.Row);

    /// <summary>Copies D values without mapping the part: for passes over more embeddings than should stay in memory.</summary>
    public void Copy(RowLocation location, Span<float> destination)
    {
        // Neighbours mostly lie in one part: it stays open until another is asked for, so that few files are open at once.
        lock (_lock)
        {
            if (_copied != location.Part)
            {
                _parts[_copied].Close();
                _copied = location.Part;
            }

            _parts[location.Part].Copy(location.Row, destination[..Identity.Width]);
        }
    }

    /// <summary>Takes in parts that other processes have finished meanwhile.</summary>
    /// <exception cref="CacheException">A part's keys do not match its record.</exception>
    public void Refresh()
    {
        foreach (var part in PartPaths.Visible(PartsFolder))
        {
            lock (_lock)
            {
                if (_known.Contains(part.Name))
                {
                    continue;
                }
            }

            if (PartRecord.TryRead(part.Record) is { } record && record.Width == Identity.Width && TryReadKeys(part, record) is { } keys)
            {
                Take(part, keys);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            Array.ForEach(_parts, part => part.Dispose());
        }
    }

    /// <summary>Takes in a part this process has just written.</summary>
    internal void Publish(PartPaths part, ReadOnlySpan<byte> keys) => Take(part, keys);

    /// <summary>N x D values of neighbouring rows in a memory map, from <paramref name="first"/> on; valid until the cache is disposed.</summary>
    internal ReadOnlySpan<float> Rows(RowLocation first, int count) => Volatile.Read(ref _parts)[first.Part].Rows(first.Row, count);

    private void Take(PartPaths part, ReadOnlySpan<byte> keys)
    {
        lock (_lock)
        {
            if (!_known.Add(part.Name))
            {
                return;
            }

            var count = keys.Length / ContentKey.Size;
            Volatile.Write(ref _parts, [.. _parts, new MappedPart(part, count, Identity.Width)]);
            _index.Reserve(count);
            for (var row = 0; row < count; row++)
            {
                // The oldest part wins, so that a location once handed out stays the one in use.
                _index.TryAdd(ContentKey.Read(keys[(row * ContentKey.Size)..]), new RowLocation(_parts.Length - 1, row));
            }
        }
    }

    // A part whose record is there but whose files are not was pruned by another process in this moment.
    private static byte[]? TryReadKeys(PartPaths part, PartRecord record)
    {
        try
        {
            using var stream = new FileStream(part.Keys, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            var (type, rows, columns, _) = NpyFile.ReadHeader(stream, part.Keys);
            if (type != NpyFile.UInt8 || rows != record.Count || columns != ContentKey.Size || new FileInfo(part.Values).Length != record.Values.Bytes)
            {
                throw new CacheException($"{part.Record}: its keys and values do not match it; run cache verify, then cache prune --damaged");
            }

            var keys = new byte[rows * columns];
            stream.ReadExactly(keys);
            return keys;
        }
        catch (FileNotFoundException) when (!File.Exists(part.Record))
        {
            return null;
        }
        catch (FileNotFoundException error)
        {
            throw new CacheException($"{error.FileName}: missing, but {part.Record} names it; run cache prune --damaged", error);
        }
    }
}
