using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Benchmarks;

/// <summary>A NumPy file of float32, N x D, read through a memory map, as the embedding cache's parts are.</summary>
internal sealed unsafe class MappedNpy : IRows, IDisposable
{
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly float* _values;

    public MappedNpy(string path)
    {
        int offset;
        using (var stream = File.OpenRead(path))
        {
            (_, long rows, Width, offset) = NpyFile.ReadHeader(stream, path);
            Count = (int)rows;
        }

        _file = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
        _view = _file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        byte* start = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        _values = (float*)(start + offset);
    }

    public int Count { get; }

    public int Width { get; }

    public ReadOnlySpan<float> this[int index] => MemoryMarshal.CreateReadOnlySpan(ref *(_values + ((long)index * Width)), Width);

    public void Dispose()
    {
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
    }
}
