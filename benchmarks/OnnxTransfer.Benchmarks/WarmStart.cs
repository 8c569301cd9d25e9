using System.IO.Enumeration;
using BenchmarkDotNet.Attributes;
using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Inference;

namespace OnnxTransfer.Benchmarks;

/// <summary>
/// A folder of 20,000 images whose embeddings are all in the cache, from its path to a set that heads are fitted on, beside
/// a bare walk that asks each file's size and time: below 2, everything but the walk costs less than the walk.
/// </summary>
[PerImage]
public class WarmStart
{
    private const int Images = 20_000, Classes = 10;

    private WorkFolder folder = null!;
    private string images = "";
    private string warm = "";
    private Backbone backbone = null!;

    [GlobalSetup]
    public void Fill()
    {
        folder = new WorkFolder();
        (images, warm) = (folder.New(), folder.New());
        var pixels = new byte[8 * 8 * 3];
        for (int i = 0; i < Images; i++)
        {
            BitConverter.TryWriteBytes(pixels, i);
            string place = Directory.CreateDirectory(Path.Combine(images, $"class{i % Classes}")).FullName;
            string file = Path.Combine(place, $"photo{i:000000}.bmp");
            File.WriteAllBytes(file, BmpEncoder.Encode(pixels, 8, 8));
            File.SetLastWriteTimeUtc(file, DateTime.UnixEpoch.AddSeconds(i)); // files just written are not remembered
        }

        backbone = Backbone.Load("pixels-28x28-grey", ExecutionProvider.Cpu);
        if (Open().Count != Images)
        {
            throw new InvalidOperationException("not every image was embedded");
        }
    }

    [GlobalCleanup]
    public void Unload()
    {
        backbone.Dispose();
        folder.Dispose();
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Images)]
    public long BareWalk()
    {
        var everything = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 };
        var files = new FileSystemEnumerable<long>(images, (ref entry) => entry.Length ^ entry.LastWriteTimeUtc.Ticks, everything)
        {
            ShouldIncludePredicate = (ref entry) => !entry.IsDirectory,
        };
        return files.Max();
    }

    /// <summary>The folder's list alone: names, classes, items.</summary>
    [Benchmark(OperationsPerInvoke = Images)]
    public int List() => ImageFolder.Open(images).Items.Count;

    /// <summary>List, split, open the cache, find every embedding, look for leaks, put the set together.</summary>
    [Benchmark(OperationsPerInvoke = Images)]
    public EmbeddingSet Open()
    {
        using var cache = EmbeddingCache.Open(warm);
        var set = backbone.Embed(ImageFolder.Open(images).Draw(Split.Test, 0.2, 0), cache);
        return set.Count == Images ? set : throw new InvalidOperationException($"{set.Count} of {Images} found");
    }
}
