using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace OnnxTransfer.Embeddings;

/// <summary>What verifying a cache found.</summary>
/// <param name="Parts">Parts read.</param>
/// <param name="Embeddings">Embeddings in sound parts.</param>
/// <param name="Faults">What is wrong: file and fault. Empty: the cache is sound.</param>
/// <param name="Leftovers">Files of runs that were killed: harmless, removed by prune.</param>
public sealed record CacheVerification(int Parts, long Embeddings, IReadOnlyList<string> Faults, IReadOnlyList<string> Leftovers)
{
    /// <summary>True when nothing is wrong.</summary>
    public bool IsSound => Faults.Count == 0;
}

/// <summary>Reads a whole cache and compares it with its own records: lengths, checksums, shapes, finite values.</summary>
public static class CacheVerifier
{
    /// <summary>Verifies the cache at <paramref name="folder"/>; nothing is changed.</summary>
    /// <exception cref="CacheException">There is no cache.</exception>
    public static CacheVerification Verify(string folder, CancellationToken cancellation = default)
    {
        var root = EmbeddingCache.FolderOf(folder);
        var faults = new List<string>();
        var leftovers = new List<string>();
        var (parts, embeddings) = (0, 0L);
        foreach (var space in EmbeddingCache.SpaceFolders(root))
        {
            var identity = EmbeddingCache.ReadIdentity(space);
            if (identity is null || identity.Id() != Path.GetFileName(space))
            {
                faults.Add($"{Path.Combine(space, EmbeddingCache.IdentityName)}: missing, damaged, or not of this space");
                continue;
            }

            foreach (var part in PartPaths.Visible(EmbeddingSpace.PartsOf(space)))
            {
                cancellation.ThrowIfCancellationRequested();
                parts++;
                if (FaultOf(part, identity.Width) is { } fault)
                {
                    faults.Add(fault);
                }
                else
                {
                    embeddings += PartRecord.TryRead(part.Record)!.Count;
                }
            }
        }

        leftovers.AddRange(Leftovers(root));
        return new CacheVerification(parts, embeddings, faults, leftovers);
    }

    /// <summary>What is wrong with a part; null when nothing is.</summary>
    internal static string? FaultOf(PartPaths part, int width)
    {
        if (PartRecord.TryRead(part.Record) is not { } record)
        {
            return $"{part.Record}: damaged, or of another format";
        }

        if (record.Width != width)
        {
            return $"{part.Record}: width {record.Width}, but its space has width {width}";
        }

        return FaultOf(part.Keys, record.Keys, record.Count, ContentKey.Size, NpyFile.UInt8)
            ?? FaultOf(part.Values, record.Values, record.Count, width, NpyFile.Float32);
    }

    /// <summary>Files in the making and arrays without a record.</summary>
    internal static IEnumerable<string> Leftovers(string cacheFolder) =>
        Directory.EnumerateFiles(cacheFolder, "*", SearchOption.AllDirectories).Where(path =>
            path.EndsWith(AtomicFile.TemporaryEnding, StringComparison.Ordinal)
            || (EndingOf(path) is { } ending && !File.Exists(path[..^ending.Length] + PartPaths.RecordEnding)))
        .Order(StringComparer.Ordinal);

    private static string? EndingOf(string path) =>
        path.EndsWith(PartPaths.KeysEnding, StringComparison.Ordinal) ? PartPaths.KeysEnding
        : path.EndsWith(PartPaths.ValuesEnding, StringComparison.Ordinal) ? PartPaths.ValuesEnding
        : null;

    private static string? FaultOf(string path, PartFile expected, int rows, int columns, string type)
    {
        try
        {
            var bytes = File.ReadAllBytes(path);
            using var stream = new MemoryStream(bytes, writable: false);
            var header = NpyFile.ReadHeader(stream, path);
            if (bytes.Length != expected.Bytes || Convert.ToHexStringLower(SHA256.HashData(bytes.AsSpan(header.DataOffset))) != expected.Sha256)
            {
                return $"{path}: its checksum differs from its record's: it was changed after it was written";
            }

            if (header.Type != type || header.Rows != rows || header.Columns != columns)
            {
                return $"{path}: {header.Rows} x {header.Columns} of {header.Type}, expected {rows} x {columns} of {type}";
            }

            var values = MemoryMarshal.Cast<byte, float>(bytes.AsSpan(header.DataOffset));
            return type == NpyFile.Float32 && values.ToArray().Any(value => !float.IsFinite(value))
                ? $"{path}: holds values that are no finite numbers"
                : null;
        }
        catch (CacheException error)
        {
            return error.Message;
        }
        catch (IOException error)
        {
            return $"{path}: cannot be read ({error.Message})";
        }
    }
}
