namespace OnnxTransfer.Embeddings;

/// <summary>
/// Writes embeddings of one space as parts. A part is in flight until <see cref="Flush"/>: a run that is killed loses at
/// most that. Not thread safe: one writer thread owns it.
/// </summary>
internal sealed class PartWriter(EmbeddingSpace space, PartLimits limits) : IDisposable
{
    private readonly byte[] _keys = new byte[limits.Rows(space.Identity.Width) * ContentKey.Size];
    private PartPaths _part;
    private ArrayFile? _values;
    private int _count;
    private int _patience = limits.FirstMilliseconds;
    private long _begun;

    /// <summary>Adds one embedding; ends the part when it is full or old enough.</summary>
    public void Add(ContentKey key, ReadOnlySpan<float> embedding)
    {
        if (_values is null)
        {
            _part = PartPaths.New(space.PartsFolder);
            _values = new ArrayFile(_part.Values, NpyFile.Float32, space.Identity.Width);
            _begun = Environment.TickCount64;
        }

        _values.Append(embedding);
        key.Write(_keys.AsSpan(_count * ContentKey.Size));
        _count++;
        if (_count * ContentKey.Size == _keys.Length || Environment.TickCount64 - _begun >= _patience)
        {
            Flush();
        }
    }

    /// <summary>Ends the part in flight: values, keys, and last the record that makes it visible.</summary>
    public void Flush()
    {
        if (_values is null)
        {
            return;
        }

        var keys = _keys.AsSpan(0, _count * ContentKey.Size);
        using (_values)
        using (var keyFile = new ArrayFile(_part.Keys, NpyFile.UInt8, ContentKey.Size))
        {
            keyFile.Append<byte>(keys);
            var record = new PartRecord(
                PartRecord.CurrentFormat, _count, space.Identity.Width, keyFile.Finish(_count), _values.Finish(_count), DateTime.UtcNow);
            record.Write(_part.Record);
        }

        space.Publish(_part, keys);
        _values = null;
        _count = 0;
        _patience = Math.Min(2 * _patience, limits.LastMilliseconds);
    }

    /// <summary>Drops the part in flight.</summary>
    public void Dispose() => _values?.Dispose();
}
