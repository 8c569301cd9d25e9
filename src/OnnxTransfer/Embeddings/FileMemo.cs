using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

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
    private readonly ConcurrentDictionary<UInt128, Entry> _entries = [];
    private readonly ConcurrentQueue<Entry> _new = [];

    public FileMemo(string folder)
    {
        _folder = folder;
        var files = Directory.Exists(folder) ? Directory.GetFiles(folder, "*.npy") : [];
        foreach (var file in files)
        {
            Load(file);
        }

        if (files.Length > MergeAbove)
        {
            Write([.. _entries.Values]);
            Array.ForEach(files, AtomicFile.TryDelete);
        }
    }

    /// <summary>The content of an unchanged file and the format its bytes have; null when it must be read.</summary>
    public (ContentKey Key, byte Format)? Find(FileInfo file) =>
        _entries.TryGetValue(PathKey(file.FullName), out var entry)
        && entry.Length == file.Length && entry.Modified == file.LastWriteTimeUtc.Ticks
            ? (entry.Content, (byte)entry.Format)
            : null;

    /// <summary>Remembers what was read; <paramref name="file"/> was taken before reading.</summary>
    public void Add(FileInfo file, ContentKey content, byte format)
    {
        if (DateTime.UtcNow - file.LastWriteTimeUtc < Settled)
        {
            return;
        }

        var entry = new Entry(PathKey(file.FullName), file.Length, file.LastWriteTimeUtc.Ticks, content, format);
        _entries[entry.Path] = entry;
        _new.Enqueue(entry);
    }

    /// <summary>Writes what was added since the last time.</summary>
    public void Flush()
    {
        var entries = new List<Entry>();
        while (_new.TryDequeue(out var entry))
        {
            entries.Add(entry);
        }

        if (entries.Count > 0)
        {
            Write([.. entries]);
        }
    }

    private static UInt128 PathKey(string path)
    {
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(Encoding.UTF8.GetBytes(path), hash);
        return MemoryMarshal.Read<UInt128>(hash);
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
            foreach (var entry in MemoryMarshal.Cast<byte, Entry>(bytes))
            {
                _entries[entry.Path] = entry;
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

    [StructLayout(LayoutKind.Sequential, Pack = 8)]
    private readonly record struct Entry(UInt128 Path, long Length, long Modified, ContentKey Content, long Format);
}
