using System.Collections.Concurrent;

namespace OnnxTransfer.Datasets;

/// <summary>Reads the bytes of images, encoded or raw. Files that hold many images stay open until it is disposed.</summary>
public sealed class ImageBytes : IDisposable
{
    private readonly ConcurrentDictionary<string, RawFile> _rawFiles = new(StringComparer.Ordinal);

    /// <summary>Reads all bytes of <paramref name="source"/> into <paramref name="buffer"/>, which is replaced by a larger one where it is too small.</summary>
    /// <returns>The bytes, in the front of the buffer.</returns>
    /// <exception cref="DatasetException">The file cannot be read, or is larger than 2 GiB.</exception>
    public ReadOnlySpan<byte> Read(ImageSource source, ref byte[] buffer)
    {
        if (source.Layout != ImageLayout.Encoded)
        {
            var raw = Front(ref buffer, source.Length);
            _rawFiles.GetOrAdd(source.Path, path => new RawFile(path)).Read(source.Offset, raw);
            return raw;
        }

        try
        {
            // The file is closed before it is decoded, and others may delete or replace it meanwhile: it is never locked.
            using var file = File.OpenHandle(source.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan);
            var length = RandomAccess.GetLength(file);
            if (length > Array.MaxLength)
            {
                throw new DatasetException($"{source.Path}: {length} bytes; an image file may have up to {Array.MaxLength}");
            }

            var bytes = Front(ref buffer, (int)length);
            var got = 0;
            while (got < bytes.Length && RandomAccess.Read(file, bytes[got..], got) is > 0 and var more)
            {
                got += more;
            }

            return bytes[..got];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DatasetException($"{source.Path}: cannot be read ({error.Message})", error);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var file in _rawFiles.Values)
        {
            file.Dispose();
        }
    }

    private static Span<byte> Front(ref byte[] buffer, int length)
    {
        if (buffer.Length < length)
        {
            buffer = GC.AllocateUninitializedArray<byte>((int)Math.Min(Array.MaxLength, length * 5L / 4));
        }

        return buffer.AsSpan(0, length);
    }
}
