using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Inference;
using OnnxTransfer.Tests.Backbones;

namespace OnnxTransfer.Tests.Embeddings;

/// <summary>What an image that is embedded leaves to the garbage collector. Alone, since allocations are counted for the whole process.</summary>
[CollectionDefinition(nameof(GarbageTests), DisableParallelization = true)]
[Collection(nameof(GarbageTests))]
public sealed class GarbageTests : IDisposable
{
    private const int Count = 400;

    private readonly TempFolder _folder = new();
    private readonly TinyBackbone _tiny = new();

    public void Dispose()
    {
        _folder.Dispose();
        _tiny.Dispose();
    }

    [Fact]
    public void A_bitmap_leaves_less_than_a_kilobyte() => AssertLittle(count => SmallImages.Write(_folder, count, $"{count}"));

    [SkippableFact]
    public void A_photo_leaves_less_than_a_kilobyte()
    {
        // The same photo with different comments: different contents.
        var photo = File.ReadAllBytes(TestData.Require("photos", "car.jpg"));
        AssertLittle(count =>
        {
            for (var i = 0; i < count; i++)
            {
                byte[] comment = [0xFF, 0xFE, 0, 6, (byte)i, (byte)(i >> 8), 0, 0];
                File.WriteAllBytes(_folder[$"{count}", "x", $"{i:0000}.jpg"], [.. photo[..2], .. comment, .. photo[2..]]);
            }

            return _folder[$"{count}"];
        });
    }

    // What a run makes once is in both; the rest is the images'.
    private void AssertLittle(Func<int, string> write)
    {
        var (few, many) = (Old(write(Count)), Old(write(2 * Count)));
        Allocated(few, "first");
        var perImage = Enumerable.Range(0, 3).Min(round => (Allocated(many, $"many {round}") - Allocated(few, $"few {round}")) / (double)Count);

        Assert.True(perImage < 1024, $"{perImage:0} bytes an image");
    }

    // Files just written are not remembered by the cache; these are.
    private static Dataset Old(string folder)
    {
        foreach (var file in Directory.GetFiles(folder, "*", SearchOption.AllDirectories))
        {
            File.SetLastWriteTimeUtc(file, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        }

        return ImageFolder.Open(folder);
    }

    private long Allocated(Dataset dataset, string cache)
    {
        using var backbone = Backbone.Load("tiny", ExecutionProvider.Cpu, new BackboneSettings { Catalogue = _tiny.Catalogue, Threads = 2 });
        using var opened = EmbeddingCache.Open(_folder[cache]);
        var before = GC.GetTotalAllocatedBytes(precise: true);
        var report = Embedder.Run(backbone, dataset, opened).Report;
        var allocated = GC.GetTotalAllocatedBytes(precise: true) - before;
        Assert.Equal(dataset.ImageCount, report.Embedded);
        return allocated;
    }
}
