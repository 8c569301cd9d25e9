using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace OnnxTransfer.Embeddings;

/// <summary>
/// Collects embeddings of one space and writes them as parts. A part is in flight until <see cref="Flush"/>: a run that
/// is killed loses at most that. Not thread safe: one writer thread owns it.
/// </summary>
internal sealed class PartWriter(EmbeddingSpace space, PartLimits limits)
{
    private readonly float[] _values = GC.AllocateUninitializedArray<float>(checked(limits.Rows(space.Identity.Width) * space.Identity.Width));
    private readonly byte[] _keys = new byte[limits.Rows(space.Identity.Width) * ContentKey.Size];
    private int _count;
    private long _firstTicks;

    /// <summary>Adds one embedding; writes the part when it is full or old enough.</summary>
    public void Add(ContentKey key, ReadOnlySpan<float> embedding)
    {
        var width = space.Identity.Width;
        _firstTicks = _count == 0 ? Environment.TickCount64 : _firstTicks;
        embedding.CopyTo(_values.AsSpan(_count * width, width));
        key.Write(_keys.AsSpan(_count * ContentKey.Size));
        _count++;
        if (_count == limits.Rows(width) || Environment.TickCount64 - _firstTicks >= limits.Milliseconds)
        {
            Flush();
        }
    }

    /// <summary>Writes what is in flight as one part and makes it visible.</summary>
    public void Flush()
    {
        if (_count == 0)
        {
            return;
        }

        var part = PartPaths.New(space.PartsFolder);
        var width = space.Identity.Width;
        var keys = WriteArray(part.Keys, NpyFile.Header(NpyFile.UInt8, _count, ContentKey.Size), _keys.AsSpan(0, _count * ContentKey.Size));
        var values = WriteArray(
            part.Values, NpyFile.Header(NpyFile.Float32, _count, width), MemoryMarshal.AsBytes(_values.AsSpan(0, _count * width)));
        new PartRecord(PartRecord.CurrentFormat, _count, width, keys, values, DateTime.UtcNow).Write(part.Record);
        space.Publish(part, _keys.AsSpan(0, _count * ContentKey.Size));
        _count = 0;
    }

    private static unsafe PartFile WriteArray(string path, byte[] header, ReadOnlySpan<byte> data)
    {
        // The span cannot be captured by the lambda; its address can, and stays put: both buffers outlive the call.
        fixed (byte* start = data)
        {
            var (address, length) = ((nint)start, data.Length);
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            hash.AppendData(header);
            hash.AppendData(data);
            AtomicFile.Write(path, stream =>
            {
                stream.Write(header);
                stream.Write(new ReadOnlySpan<byte>((byte*)address, length));
            });
            return new PartFile(header.Length + length, Convert.ToHexStringLower(hash.GetHashAndReset()));
        }
    }
}
