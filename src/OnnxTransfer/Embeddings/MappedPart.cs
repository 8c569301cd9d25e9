using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;

namespace OnnxTransfer.Embeddings;

/// <summary>The values of one part. Rows are read through a memory map made at first use, or copied without one.</summary>
internal sealed unsafe class MappedPart : IDisposable
{
    private readonly object _lock = new();
    private readonly string _path;
    private readonly int _count;
    private readonly int _width;
    private MemoryMappedFile? _file;
    private MemoryMappedViewAccessor? _view;
    private byte* _values;
    private FileStream? _copying;
    private int _offset;

    public MappedPart(PartPaths part, int count, int width) => (_path, _count, _width) = (part.Values, count, width);

    /// <summary>Row <paramref name="row"/> in the memory map.</summary>
    public ReadOnlySpan<float> Row(int row) => Rows(row, 1);

    /// <summary><paramref name="count"/> rows from <paramref name="first"/> on in the memory map, one behind the other.</summary>
    public ReadOnlySpan<float> Rows(int first, int count)
    {
        if (_values == null)
        {
            Map();
        }

        return new ReadOnlySpan<float>((float*)_values + ((long)first * _width), count * _width);
    }

    /// <summary>Copies row <paramref name="row"/> without mapping the file, which stays open until <see cref="Close"/>.</summary>
    public void Copy(int row, Span<float> destination)
    {
        lock (_lock)
        {
            if (_copying is null)
            {
                _copying = Open();
                _offset = Offset(_copying);
            }

            _copying.Position = _offset + ((long)row * _width * sizeof(float));
            _copying.ReadExactly(MemoryMarshal.AsBytes(destination));
        }
    }

    /// <summary>Closes the file that <see cref="Copy"/> opened.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _copying?.Dispose();
            _copying = null;
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            if (_values != null)
            {
                _view!.SafeMemoryMappedViewHandle.ReleasePointer();
                _values = null;
            }

            _view?.Dispose();
            _file?.Dispose();
            _copying?.Dispose();
        }
    }

    private void Map()
    {
        lock (_lock)
        {
            if (_values != null)
            {
                return;
            }

            int offset;
            using (var file = Open())
            {
                offset = Offset(file);
            }

            _file = MemoryMappedFile.CreateFromFile(_path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
            _view = _file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
            byte* start = null;
            _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
            _values = start + offset;
        }
    }

    private FileStream Open() => new(_path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1);

    private int Offset(FileStream file)
    {
        var (type, rows, columns, offset) = NpyFile.ReadHeader(file, _path);
        return type == NpyFile.Float32 && rows == _count && columns == _width
            ? offset
            : throw new CacheException($"{_path}: {rows} x {columns} of {type}, expected {_count} x {_width} of {NpyFile.Float32}; run cache verify");
    }
}
