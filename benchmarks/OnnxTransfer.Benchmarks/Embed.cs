using BenchmarkDotNet.Attributes;
using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Inference;

namespace OnnxTransfer.Benchmarks;

/// <summary>Files to embeddings, end to end: read, decoded, resized, inferred and written, or found in the cache.</summary>
[PerImage]
public class Embed
{
    private const int Images = 512;

    private WorkFolder folder = null!;
    private Dataset dataset = null!;
    private Backbone backbone = null!;
    private string warm = "";

    [GlobalSetup]
    public void Load()
    {
        folder = new WorkFolder();
        string images = folder.New();
        Photo.WriteScenes(images, Images, 96, 96);
        dataset = ImageFolder.Open(images);
        backbone = Backbone.Load("resnet14-cifar10", ExecutionProvider.Cpu);
        warm = folder.New();
        Run(warm);
    }

    [GlobalCleanup]
    public void Unload()
    {
        backbone.Dispose();
        folder.Dispose();
    }

    /// <summary>Into a fresh cache.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Images)]
    public int Cold() => Run(folder.New());

    /// <summary>Everything is in the cache, which is opened anew; the embeddings of its two taps are put together.</summary>
    [Benchmark(OperationsPerInvoke = Images)]
    public int Warm() => Run(warm);

    private int Run(string place)
    {
        using var cache = EmbeddingCache.Open(place);
        return backbone.Embed(dataset, cache).Count;
    }
}
