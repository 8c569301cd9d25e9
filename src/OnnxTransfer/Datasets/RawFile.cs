using System.IO.Compression;

namespace OnnxTransfer.Datasets;

/// <summary>
/// Reads stretches of a file of raw images, plain or gzipped. Gzip has no random access, so a gzipped file is read
/// forwards; the last stretch is kept, so that readers a little out of step do not make it start over.
/// </summary>
internal sealed class RawFile : IDisposable
{
    private const int Window = 1 << 20;

    private readonly object _lock = new();
    private readonly string _path;
    private readonly byte[] _window = new byte[2 * Window];
    private Stream? _stream;
    private long _windowStart;
    private int _windowLength;

    public RawFile(string path) => _path = path;

    /// <summary>The file's bytes from the start, unpacked where its name ends in .gz.</summary>
    public static Stream OpenUnpacked(string path)
    {
        try
        {
            var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            return path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(file, CompressionMode.Decompress) : file;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DatasetException($"{path}: cannot be read ({error.Message})", error);
        }
    }

    /// <summary>Fills <paramref name="destination"/> with the unpacked bytes from <paramref name="offset"/> on.</summary>
    public void Read(long offset, Span<byte> destination)
    {
        lock (_lock)
        {
            if (offset < _windowStart || _stream is null)
            {
                _stream?.Dispose();
                _stream = OpenUnpacked(_path);
                (_windowStart, _windowLength) = (0, 0);
            }

            while (offset + destination.Length > _windowStart + _windowLength)
            {
                Advance();
            }

            _window.AsSpan((int)(offset - _windowStart), destination.Length).CopyTo(destination);
        }
    }

    public void Dispose() => _stream?.Dispose();

    // Keeps the newer half of what was read and reads on behind it.
    private void Advance()
    {
        if (_windowLength > Window)
        {
            var drop = _windowLength - Window;
            _window.AsSpan(drop, Window).CopyTo(_window);
            _windowStart += drop;
            _windowLength = Window;
        }

        int got;
        try
        {
            got = _stream!.ReadAtLeast(_window.AsSpan(_windowLength, _window.Length - _windowLength), 1, throwOnEndOfStream: false);
        }
        catch (InvalidDataException error)
        {
            throw new DatasetException($"{_path}: its gzip data is corrupt ({error.Message}); fetch the file again", error);
        }

        if (got == 0)
        {
            throw new DatasetException($"{_path}: ends after {_windowStart + _windowLength} bytes, earlier than its header says; fetch the file again");
        }

        _windowLength += got;
    }
}
