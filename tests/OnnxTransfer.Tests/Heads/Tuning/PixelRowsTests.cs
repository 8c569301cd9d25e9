using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Heads.Tuning;
using OnnxTransfer.Imaging;
using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;
using OnnxTransfer.Tests.Backbones;
using OnnxTransfer.Tests.Embeddings;

namespace OnnxTransfer.Tests.Heads;

public sealed class PixelRowsTests : IDisposable
{
    private static readonly PixelPreprocessing Preprocessing = PixelPreprocessing.ShorterSide(10, 8, Interpolation.Bicubic);

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(null)]
    [InlineData(0L)]
    [InlineData(3L * 192)]
    public void Pixels_are_those_that_are_embedded_byte_for_byte_wherever_they_are_kept(long? budget)
    {
        var dataset = ImageFolder.Open(SmallImages.Write(_folder, 9));
        using var images = PixelImages.Open(dataset, Preprocessing, new EmbedSettings { DecodeThreads = 2 }, budget);
        using var rows = new PixelRows(images, [], []);

        Assert.Equal(budget is null ? 9 : (int)(budget / 192), images.Kept);
        Assert.Equal(Embedded(dataset), Read(rows, 0, [.. Enumerable.Range(0, 9)]));
    }

    [Fact]
    public void A_smaller_image_is_kept_after_one_that_did_not_fit()
    {
        File.WriteAllBytes(_folder["two", "any", "a.bmp"], SmallImages.Bitmap(1, side: 20));
        File.WriteAllBytes(_folder["two", "any", "b.bmp"], SmallImages.Bitmap(2));
        using var images = PixelImages.Open(ImageFolder.Open(_folder["two"]), Preprocessing, whole: true, new EmbedSettings { DecodeThreads = 1 }, budget: 300);

        Assert.Equal(1, images.Kept);
    }

    [Fact]
    public void A_batch_decoded_ahead_is_the_batch_asked_for()
    {
        var dataset = ImageFolder.Open(SmallImages.Write(_folder, 9));
        using var images = PixelImages.Open(dataset, Preprocessing, new EmbedSettings(), budget: 0);
        using var rows = new PixelRows(images, [], []);
        byte[] all = Read(rows, 0, [.. Enumerable.Range(0, 9)]);

        rows.Prepare(0, [4, 1, 8]);
        Assert.Equal([.. Row(all, 4), .. Row(all, 1), .. Row(all, 8)], Read(rows, 0, [4, 1, 8]));
        rows.Prepare(0, [4, 1, 8]);
        Assert.Equal([.. Row(all, 2), .. Row(all, 3)], Read(rows, 0, [2, 3]));
    }

    [Theory]
    [InlineData("flip,pad:2,cutout:3px", null, 3)]
    [InlineData("flip,pad:2,cutout:3px", 0L, 0)]
    [InlineData("crop:0.3-1,flip", null, 3)]
    [InlineData("crop:0.3-1,flip", 0L, 0)]
    public void Augmented_pixels_hang_on_seed_epoch_and_image_alone(string operations, long? budget, int kept)
    {
        var augmentation = Augmentation.Parse(operations);
        var dataset = ImageFolder.Open(SmallImages.Write(_folder, 3));
        using var images = PixelImages.Open(dataset, Preprocessing, augmentation.Crop is not null, new EmbedSettings(), budget);
        byte[] First(int epoch, int seed, params int[] which)
        {
            using var rows = new PixelRows(images, [0, 1, 2], [], []) { Augmentation = augmentation, Seed = seed };
            return Read(rows, epoch, which);
        }

        Assert.Equal(kept, images.Kept);
        byte[] both = First(4, 1, 0, 2);
        Assert.Equal(Row(both, 1), First(4, 1, 2));
        Assert.NotEqual(First(0, 1, 0, 1, 2), First(1, 1, 0, 1, 2));
        Assert.NotEqual(First(0, 1, 0, 1, 2), First(0, 2, 0, 1, 2));

        // Kept or not, they are what the augmentation makes of the image itself.
        using var image = ImageDecoders.Default.Decode(File.ReadAllBytes(dataset.Items[2].Name), "2");
        var expected = new byte[192];
        augmentation.Apply(image, Preprocessing, PixelRows.SeedOf(1, 4, 2), expected);
        Assert.Equal(expected, Row(both, 1));
    }

    [Fact]
    public void Targets_and_weights_come_with_their_rows()
    {
        var dataset = ImageFolder.Open(SmallImages.Write(_folder, 4));
        using var images = PixelImages.Open(dataset, Preprocessing, new EmbedSettings());
        using var rows = new PixelRows(images, [0, 1, 2, 3, 4, 5, 6, 7], [1, 1, 2, 4]);
        var (targets, weights) = (new float[4], new float[2]);

        rows.Fill(0, [3, 0], new byte[2 * 192], targets, weights);

        Assert.Equal([6, 7, 0, 1], targets);
        Assert.Equal([2, 0.5f], weights);
    }

    [Fact]
    public void Unreadable_images_are_left_out_or_end_it_as_they_end_embedding()
    {
        string path = SmallImages.Write(_folder, 6);
        File.WriteAllBytes(_folder["images", "even", "0002.bmp"], SmallImages.Bitmap(2)[..100]);
        var dataset = ImageFolder.Open(path);

        var error = Assert.Throws<TooManyFailuresException>(() => PixelImages.Open(dataset, Preprocessing, new EmbedSettings()));
        Assert.StartsWith("1 of 6 images failed, 0 are allowed; the first: ", error.Message, StringComparison.Ordinal);
        Assert.EndsWith(". Mend or remove the images, or allow more failures", error.Message, StringComparison.Ordinal);
        Assert.EndsWith("0002.bmp", Assert.Single(error.Failures).Name, StringComparison.Ordinal);

        using var images = PixelImages.Open(dataset, Preprocessing, new EmbedSettings { MaxFailures = 1 });
        Assert.Equal((5, 1), (images.Dataset.Items.Count, images.Failures.Count));
        Assert.DoesNotContain(images.Dataset.Items, item => item.Name.EndsWith("0002.bmp", StringComparison.Ordinal));
        using var rows = new PixelRows(images, [], []);
        Assert.Equal(Embedded(images.Dataset), Read(rows, 0, [0, 1, 2, 3, 4]));
    }

    [Fact]
    public void An_image_that_is_gone_is_named()
    {
        string path = SmallImages.Write(_folder, 3);
        using var images = PixelImages.Open(ImageFolder.Open(path), Preprocessing, new EmbedSettings(), budget: 0);
        using var rows = new PixelRows(images, [], []);
        File.Delete(_folder["images", "odd", "0001.bmp"]);

        rows.Prepare(1, [2]);
        var error = Assert.Throws<DatasetException>(() => Read(rows, 1, [2]));
        Assert.Contains("0001.bmp: cannot be read", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Photos_of_an_item_are_rows_that_share_its_weight()
    {
        var dataset = ImageFolder.Open(SmallImages.Write(_folder, 3));
        var together = dataset with
        {
            Items = [dataset.Items[0] with { Images = [dataset.Items[0].Images[0], dataset.Items[1].Images[0]], Weight = 3 }, dataset.Items[2]],
        };

        using var images = PixelImages.Open(together, Preprocessing, new EmbedSettings());

        Assert.Equal([1.5, 1.5, 1], images.Dataset.Items.Select(item => item.Weight));
        Assert.Equal([0, 0, 1], images.Dataset.Items.Select(item => item.Label));

        // So that none is trained on and others validated by.
        Assert.NotNull(images.Dataset.Items[0].Group);
        Assert.Equal([images.Dataset.Items[0].Group, images.Dataset.Items[0].Group, null], images.Dataset.Items.Select(item => item.Group));
    }

    private static byte[] Read(PixelRows rows, int epoch, int[] which)
    {
        var pixels = new byte[which.Length * 192];
        rows.Fill(epoch, which, pixels, [], new float[which.Length]);
        return pixels;
    }

    private static byte[] Row(byte[] all, int row) => all[(192 * row)..(192 * (row + 1))];

    // What the embedder hands to a network that gives its input back: x / 255, channel by channel.
    private byte[] Embedded(Dataset dataset)
    {
        using var tiny = new TinyBackbone();
        var builder = GraphBuilder.Empty(name: "tiny");
        builder.NodeInto("a", "Identity", [builder.Input("input", ElementType.Float, -1, 3, 8, 8)]);
        builder.Output("a", ElementType.Float, -1, 3, 8, 8);
        tiny.Json["embedding"] = new System.Text.Json.Nodes.JsonArray("a");
        tiny.Json["taps"] = System.Text.Json.Nodes.JsonNode.Parse("""[{ "name": "a", "tensor": "a", "shape": [3, 8, 8], "pooling": "none", "width": 192 }]""");
        tiny.Json["preprocessing"]!["mean"] = new System.Text.Json.Nodes.JsonArray(0, 0, 0);
        tiny.Json["preprocessing"]!["std"] = new System.Text.Json.Nodes.JsonArray(1, 1, 1);
        tiny.Json.Remove("golden");
        tiny.Replace(builder.Build());
        using var backbone = Backbone.Load("tiny", ExecutionProvider.Cpu, new BackboneSettings { Catalogue = tiny.Catalogue });
        using var cache = EmbeddingCache.Open(_folder["cache" + Guid.NewGuid().ToString("N")]);
        var set = backbone.Embed(dataset, cache);
        return [.. Enumerable.Range(0, set.Count).SelectMany(i => Enumerable.Range(0, 192)
            .Select(place => (byte)MathF.Round(255 * set.Rows[i][(place % 3 * 64) + (place / 3)])))];
    }
}
