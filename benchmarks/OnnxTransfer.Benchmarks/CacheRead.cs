using BenchmarkDotNet.Attributes;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Benchmarks;

/// <summary>All rows of 64 MiB of embeddings, copied out of memory, out of the cache's memory map, and without mapping it.</summary>
[PerImage(Width * sizeof(float))]
public class CacheRead
{
    private const int Rows = 8192, Width = 2048;

    private readonly float[] row = new float[Width];
    private readonly Matrix memory = new(Rows, Width);
    private readonly RowLocation[] places = new RowLocation[Rows];
    private WorkFolder folder = null!;
    private EmbeddingCache cache = null!;
    private EmbeddingSpace space = null!;

    [GlobalSetup]
    public void Fill()
    {
        folder = new WorkFolder();
        cache = EmbeddingCache.Open(folder.New());
        space = cache.Space(new SpaceIdentity
        {
            Backbone = "made up", BackboneSha256 = "", Tap = "", Computation = "", Preprocessing = "", Decoder = "", Precision = "fp32",
            Width = Width,
        });
        var random = new SeededRandom(1);
        var writer = new PartWriter(space, PartLimits.Default);
        for (int i = 0; i < Rows; i++)
        {
            foreach (ref float value in memory.Row(i))
            {
                value = (float)random.NextDouble();
            }

            writer.Add(Key(i), memory[i]);
        }

        writer.Flush();
        for (int i = 0; i < Rows; i++)
        {
            places[i] = space.Find(Key(i))!.Value;
        }
    }

    [GlobalCleanup]
    public void Delete()
    {
        cache.Dispose();
        folder.Dispose();
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Rows)]
    public void Memory()
    {
        for (int i = 0; i < Rows; i++)
        {
            memory[i].CopyTo(row);
        }
    }

    [Benchmark(OperationsPerInvoke = Rows)]
    public void MemoryMap()
    {
        foreach (var place in places)
        {
            space.Row(place).CopyTo(row);
        }
    }

    [Benchmark(OperationsPerInvoke = Rows)]
    public void Unmapped()
    {
        foreach (var place in places)
        {
            space.Copy(place, row);
        }
    }

    private static ContentKey Key(int index) => ContentKey.Of(BitConverter.GetBytes(index));
}
