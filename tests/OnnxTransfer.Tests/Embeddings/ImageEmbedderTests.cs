using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Imaging;
using OnnxTransfer.Inference;
using OnnxTransfer.Tests.Backbones;

namespace OnnxTransfer.Tests.Embeddings;

/// <summary>One image at a time gives what a run over many gives.</summary>
public class ImageEmbedderTests
{
    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 0)]
    [InlineData(true, 3)]
    public void An_image_is_computed_as_in_a_run_and_read_once_a_run_has_it(bool l2Normalize, int fixedBatch)
    {
        using var folder = new TempFolder();
        using var tiny = new TinyBackbone();
        if (fixedBatch > 0)
        {
            tiny.FixBatch(fixedBatch);
        }

        using var backbone = Backbone.Load("tiny", ExecutionProvider.Cpu, new BackboneSettings { Catalogue = tiny.Catalogue, L2Normalize = l2Normalize });
        using var cache = EmbeddingCache.Open(folder["cache"]);
        var images = ImageFolder.Open(SmallImages.Write(folder, 6));
        var embedder = new ImageEmbedder(backbone, cache);
        var computed = images.Items.AsParallel().AsOrdered().Select(item => Embed(embedder, item.Name)).ToArray();
        Assert.Equal(0, cache.Spaces().Sum(space => space.Count));

        var report = Embedder.Run(backbone, images, cache).Report;
        Assert.InRange(report.Runs, fixedBatch > 0 ? 2 : 1, fixedBatch > 0 ? 2 : Environment.ProcessorCount); // the rest is divided between the cores
        var set = backbone.Embed(images, cache);
        for (var i = 0; i < 6; i++)
        {
            Assert.Equal(set.Rows[i].ToArray(), computed[i], (a, b) => Math.Abs(a - b) <= 1e-5);
            Assert.Equal(set.Rows[i].ToArray(), Embed(embedder, images.Items[i].Name));
        }
    }

    [Fact]
    public void A_file_that_is_no_image_is_named()
    {
        using var folder = new TempFolder();
        using var tiny = new TinyBackbone();
        using var backbone = Backbone.Load("tiny", ExecutionProvider.Cpu, new BackboneSettings { Catalogue = tiny.Catalogue });
        using var cache = EmbeddingCache.Open(folder["cache"]);
        var embedder = new ImageEmbedder(backbone, cache);
        var text = folder.With("text.png")["text.png"];
        Assert.Equal(ImageFault.NotAnImage, Assert.Throws<ImageException>(() => Embed(embedder, text)).Fault);
        Assert.StartsWith($"{folder["absent.png"]}: cannot be read (", Assert.Throws<DatasetException>(() => Embed(embedder, folder["absent.png"])).Message, StringComparison.Ordinal);
    }

    private static float[] Embed(ImageEmbedder embedder, string path)
    {
        var row = new float[22];
        embedder.Embed(path, row);
        return row;
    }
}
