using System.Buffers;
using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using Google.Protobuf;
using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Onnx;

/// <summary>
/// A tensor's data that stay in their file: memory that the system reads when it is touched. Whoever holds such a
/// tensor's <see cref="ByteString"/> can find the file again (<see cref="Of"/>), so that rewritten graphs share it. It is
/// unmapped when no graph holds it any more: whoever reads the bytes keeps the graph or tensor alive meanwhile.
/// </summary>
internal sealed unsafe class MappedData : MemoryManager<byte>
{
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _start;
    private readonly int _length;
    private readonly (long Length, DateTime Written) _version;

    /// <summary>Maps <paramref name="length"/> bytes of the file <paramref name="location"/> of <paramref name="folder"/>.</summary>
    public MappedData(string folder, string location, long offset, int length)
    {
        (Folder, Location, Offset, _length) = (folder, location, offset, length);
        _version = Version(Path);
        _file = MemoryMappedFile.CreateFromFile(File.Open(Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete), null, 0,
            MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
        _view = _file.CreateViewAccessor(offset, length, MemoryMappedFileAccess.Read);
        _start = (byte*)_view.SafeMemoryMappedViewHandle.DangerousGetHandle() + _view.PointerOffset;
    }

    /// <summary>The real folder, without links, below which the file lies.</summary>
    public string Folder { get; }

    /// <summary>The file, relative to the folder.</summary>
    public string Location { get; }

    /// <summary>Where in the file the data begin.</summary>
    public long Offset { get; }

    /// <summary>Whether the file is no longer the one that was mapped.</summary>
    public bool Changed => Version(Path) != _version;

    private string Path => System.IO.Path.Combine(Folder, Location);

    /// <summary>The mapping behind a tensor's data; null where they lie in memory.</summary>
    public static MappedData? Of(TensorProto tensor) =>
        MemoryMarshal.TryGetMemoryManager<byte, MappedData>(tensor.RawData.Memory, out var mapped) ? mapped : null;

    public override Span<byte> GetSpan() => new(_start, _length);

    /// <summary>Mapped memory never moves; the handle keeps it from being unmapped.</summary>
    public override MemoryHandle Pin(int elementIndex = 0) => new(_start + elementIndex, GCHandle.Alloc(this));

    public override void Unpin()
    {
    }

    /// <summary>Called by nobody: graphs share it, and the handle's own finaliser unmaps.</summary>
    protected override void Dispose(bool disposing)
    {
        _view.Dispose();
        _file.Dispose();
    }

    private static (long, DateTime) Version(string path) => new FileInfo(path) is { Exists: true } file ? (file.Length, file.LastWriteTimeUtc) : (-1, default);
}
