using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Heads.Tuning;
using OnnxTransfer.Imaging;
using OnnxTransfer.Tests.Embeddings;

namespace OnnxTransfer.Tests.Heads;

public sealed class MissingRowsTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_the_cache_has_of_other_images_does_not_count()
    {
        using var staged = new StagedBackbone();
        using var backbone = staged.Load();
        using var cache = EmbeddingCache.Open(_folder["cache"]);
        var images = ImageFolder.Open(SmallImages.Write(_folder, 6));
        var view = new AugmentedView(Augmentation.Parse("flip"), 1);
        Dataset Some(Range range) => images with { Items = [.. images.Items.Take(range)] };
        long Missing(Dataset dataset, params AugmentedView?[] views) => MissingRows.Count(backbone, dataset, cache, new EmbedSettings(), views, default);

        _ = backbone.Embed(Some(..4), cache);
        _ = backbone.Embed(Some(..1), cache, new EmbedSettings { View = view });

        Assert.Equal([0, 2, 2], [Missing(Some(..4), [null]), Missing(Some(4..), [null]), Missing(images, [null])]);
        Assert.Equal([5, 7], [Missing(images, view), Missing(images, null, view)]);
        File.WriteAllText(images.Items[5].Name, "no image");
        Assert.Equal(1, Missing(images, [null]));
    }
}
