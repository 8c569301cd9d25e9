using BenchmarkDotNet.Attributes;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Benchmarks;

/// <summary>
/// 64 MiB of embeddings into a matrix that is there already: copied out of memory, and read out of the cache, where they lie
/// as one tap or as three to be put side by side, in the cache's order or in another.
/// </summary>
[PerImage(Width * sizeof(float))]
public class CacheRead
{
    private const int Rows = 8192, Width = 2048;

    private readonly Matrix memory = CachedSpace.Plant(Rows, Width);
    private readonly Matrix matrix = new(Rows, Width);
    private readonly ImageIdentity[] images = [.. Enumerable.Range(0, Rows).Select(i => new ImageIdentity("", CachedSpace.Key(i)))];
    private readonly int[] ordered = [.. Enumerable.Range(0, Rows)];
    private readonly int[] shuffled = [.. Enumerable.Range(0, Rows)];
    private CachedSpace one = null!, three = null!;

    [GlobalSetup]
    public void Fill()
    {
        memory.Values.CopyTo(matrix.Values, 0);
        new SeededRandom(1).Shuffle(shuffled.AsSpan());
        (one, three) = (new CachedSpace(memory, Width), new CachedSpace(memory, 512, 512, 1024));
    }

    [GlobalCleanup]
    public void Delete()
    {
        one.Dispose();
        three.Dispose();
    }

    /// <summary>What the cache is held against: the same bytes copied as it copies them, by all cores.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Rows)]
    public void CopyByAllCores()
    {
        int cores = Environment.ProcessorCount, share = (Rows + cores - 1) / cores * Width;
        Parallel.For(0, cores, core =>
        {
            int first = Math.Min(core * share, memory.Values.Length), count = Math.Min(share, memory.Values.Length - first);
            memory.Values.AsSpan(first, count).CopyTo(matrix.Values.AsSpan(first, count));
        });
    }

    [Benchmark(OperationsPerInvoke = Rows)]
    public void CopyByOne() => memory.Values.AsSpan().CopyTo(matrix.Values);

    [Benchmark(OperationsPerInvoke = Rows)]
    public void OneTap() => Gather(one, ordered);

    [Benchmark(OperationsPerInvoke = Rows)]
    public void OneTapShuffled() => Gather(one, shuffled);

    [Benchmark(OperationsPerInvoke = Rows)]
    public void ThreeTaps() => Gather(three, ordered);

    /// <summary>As a new process does it: the cache is opened, every row looked up, the files mapped.</summary>
    [Benchmark(OperationsPerInvoke = Rows)]
    public void OneTapOpened()
    {
        one.Reopen();
        Gather(one, ordered);
    }

    /// <inheritdoc cref="OneTapOpened"/>
    [Benchmark(OperationsPerInvoke = Rows)]
    public void ThreeTapsOpened()
    {
        three.Reopen();
        Gather(three, ordered);
    }

    private void Gather(CachedSpace cached, int[] order) =>
        new RunPlaces(_ => cached.Spaces, images, cached.Widths.Length).Gather(order, cached.Widths, matrix);
}
