using System.Runtime.InteropServices;

namespace OnnxTransfer.Embeddings;

/// <summary>
/// Remembers the content of files by path, size and time of modification, so that unchanged files are not read again.
/// Kept as NumPy arrays of uint8, one record a row. A file changed within the last two seconds is not remembered: it
/// could change once more without its time showing it.
/// </summary>
internal sealed class FileMemo
{
    private const int MergeAbove = 16;
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(2);
    private static readonly int RecordSize = Marshal.SizeOf<Entry>();

    private readonly string _folder;
    private readonly Lock _flushing = new();
    private readonly RowIndex<UInt128, State> _files = new();
    private int _flushed;

    public FileMemo(string folder)
    {
        _folder = folder;

        // The newest last: what it says of a file counts.
        var files = Directory.Exists(folder) ? Directory.GetFiles(folder, "*.npy").Order(StringComparer.Ordinal).ToArray() : [];
        Array.ForEach(files, Load);
        if (files.Length > MergeAbove)
        {
            Flush();
            Array.ForEach(files, AtomicFile.TryDelete);
        }

        _flushed = _files.Written;
    }

    /// <summary>The file at this path as it is now; of a link, the file that it leads to, whose size and time tell of a change.</summary>
    public static FileInfo Look(string path)
    {
        var file = new FileInfo(path);
        if (file.Exists && file.Attributes.HasFlag(FileAttributes.ReparsePoint))
        {
            try
            {
                return file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file;
            }
            catch (IOException)
            {
                // It leads nowhere: opening it will say so.
            }
        }

        return file;
    }

    /// <summary>The content of an unchanged file and the format its bytes have; null when it must be read.</summary>
    public (ContentKey Key, byte Format)? Find(FileInfo file) =>
        _files.TryFind(PathHash.Of(file.FullName), out var state) && state.IsOf(file)
            ? (state.Content, state.Format)
            : null;

    /// <summary>Remembers what was read; <paramref name="file"/> was taken before reading.</summary>
    public void Add(FileInfo file, ContentKey content, byte format)
    {
        if (DateTime.UtcNow - file.LastWriteTimeUtc >= Settled)
        {
            _files.Set(PathHash.Of(file.FullName), new State(file, content, format));
        }
    }

    /// <summary>Writes what was added since the last time.</summary>
    public void Flush()
    {
        lock (_flushing)
        {
            var (first, written) = (_flushed, _files.Written);
            if (written > first)
            {
                Write([.. _files.From(first).Select(row => new Entry(row.Key, row.Value))]);
                _flushed = written;
            }
        }
    }

    // The memo only saves time: a damaged file of it is the same as none.
    private void Load(string path)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            var (type, rows, columns, _) = NpyFile.ReadHeader(stream, path);
            if (type != NpyFile.UInt8 || columns != RecordSize)
            {
                return;
            }

            var bytes = new byte[rows * columns];
            stream.ReadExactly(bytes);
            _files.Reserve((int)rows);
            foreach (ref readonly var entry in MemoryMarshal.Cast<byte, Entry>(bytes))
            {
                _files.Set(entry.Path, entry.State);
            }
        }
        catch (Exception error) when (error is CacheException or IOException)
        {
        }
    }

    private void Write(Entry[] entries)
    {
        var name = PartPaths.New(_folder).Name;
        AtomicFile.Write(Path.Combine(_folder, name + ".npy"), stream =>
        {
            stream.Write(NpyFile.Header(NpyFile.UInt8, entries.Length, RecordSize));
            stream.Write(MemoryMarshal.AsBytes(entries.AsSpan()));
        });
    }

    // 64 bytes with the path's hash. The format lies in the top byte of the length, which no file needs.
    [StructLayout(LayoutKind.Sequential, Pack = 8)]
    private readonly record struct State(long LengthAndFormat, long Modified, ContentKey Content)
    {
        private const int FormatShift = 56;

        public State(FileInfo file, ContentKey content, byte format)
            : this(file.Length | ((long)format << FormatShift), file.LastWriteTimeUtc.Ticks, content)
        {
        }

        public byte Format => (byte)(LengthAndFormat >> FormatShift);

        public bool IsOf(FileInfo file) =>
            (LengthAndFormat & ((1L << FormatShift) - 1)) == file.Length && Modified == file.LastWriteTimeUtc.Ticks;
    }

    [StructLayout(LayoutKind.Sequential, Pack = 8)]
    private readonly record struct Entry(UInt128 Path, State State);
}
