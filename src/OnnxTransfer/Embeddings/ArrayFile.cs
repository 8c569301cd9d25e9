using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace OnnxTransfer.Embeddings;

/// <summary>
/// A NumPy file in the making: rows are appended to a temporary file, so that a part takes no memory of its own; at the
/// end the header gets the number of rows and the file its name.
/// </summary>
internal sealed class ArrayFile : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly string _path;
    private readonly string _temporary;
    private readonly string _type;
    private readonly int _columns;
    private readonly FileStream _stream;

    public ArrayFile(string path, string type, int columns)
    {
        (_path, _type, _columns) = (path, type, columns);
        _temporary = AtomicFile.TemporaryFor(path);
        _stream = AtomicFile.Guard(path, () => new FileStream(_temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16));
        AtomicFile.Guard(path, () => _stream.Write(NpyFile.Header(type, 0, columns)));
    }

    /// <summary>Appends one row.</summary>
    public void Append<T>(ReadOnlySpan<T> row)
        where T : struct
    {
        var bytes = MemoryMarshal.AsBytes(row);
        _hash.AppendData(bytes);
        try
        {
            _stream.Write(bytes);
        }
        catch (Exception error) when (AtomicFile.IsFault(error))
        {
            throw AtomicFile.CannotBeWritten(_path, error);
        }
    }

    /// <summary>Flushes to the disk, then renames: from here on the file is there, whole.</summary>
    public PartFile Finish(int rows)
    {
        AtomicFile.Guard(_path, () =>
        {
            _stream.Position = 0;
            _stream.Write(NpyFile.Header(_type, rows, _columns));
            _stream.Flush(flushToDisk: true);
        });
        var length = _stream.Length;
        AtomicFile.Guard(_path, () =>
        {
            _stream.Dispose();
            File.Move(_temporary, _path);
        });
        return new PartFile(length, Convert.ToHexStringLower(_hash.GetHashAndReset()));
    }

    /// <summary>Drops what was not finished.</summary>
    public void Dispose()
    {
        try
        {
            _stream.Dispose();
        }
        catch (Exception error) when (AtomicFile.IsFault(error))
        {
            // What could not be flushed to a full disk is dropped with the file.
        }

        _hash.Dispose();
        AtomicFile.TryDelete(_temporary);
    }
}
