using BenchmarkDotNet.Attributes;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Benchmarks;

/// <summary>
/// 16 MiB of embeddings to the disk, flushed: as one plain file, and as a part of the cache, which also hashes them and
/// writes their keys and a record.
/// </summary>
[PerImage(Width * sizeof(float))]
public class CacheWrite
{
    private const int Rows = 2048, Width = 2048;

    private readonly Matrix memory = CachedSpace.Plant(Rows, Width);
    private readonly ContentKey[] keys = [.. Enumerable.Range(0, Rows).Select(CachedSpace.Key)];
    private WorkFolder folder = null!;

    [IterationSetup]
    public void Make() => folder = new WorkFolder();

    [IterationCleanup]
    public void Delete() => folder.Dispose();

    [Benchmark(Baseline = true, OperationsPerInvoke = Rows)]
    public void PlainFile()
    {
        using var file = new FileStream(folder.New(), FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16);
        for (int i = 0; i < Rows; i++)
        {
            file.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes(memory[i]));
        }

        file.Flush(flushToDisk: true);
    }

    [Benchmark(OperationsPerInvoke = Rows)]
    public void Part()
    {
        using var cache = EmbeddingCache.Open(folder.New());
        using var writer = new PartWriter(cache.Space(CachedSpace.Identity(0, Width)), PartLimits.Default);
        for (int i = 0; i < Rows; i++)
        {
            writer.Add(keys[i], memory[i]);
        }

        writer.Flush();
    }
}
