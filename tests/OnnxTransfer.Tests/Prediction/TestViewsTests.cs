using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Export;
using OnnxTransfer.Heads;
using OnnxTransfer.Imaging;
using OnnxTransfer.Prediction;
using OnnxTransfer.Tests.Backbones;
using OnnxTransfer.Tests.Embeddings;

namespace OnnxTransfer.Tests.Prediction;

/// <summary>A fused model's answers over augmented views are those of its head over the views that the cache holds.</summary>
public sealed class TestViewsTests : IDisposable
{
    private static readonly IReadOnlyList<AugmentedView> Views = AugmentedView.Several(Augmentation.Parse("crop:0.3-1,flip,color:0.3"), 3, seed: 4);

    private readonly TempFolder _folder = new();
    private readonly TinyBackbone _tiny = new();
    private readonly Backbone _backbone;
    private readonly Dataset _images;
    private readonly LinearHead _head;

    public TestViewsTests()
    {
        _backbone = Backbone.Load("tiny", settings: new BackboneSettings { Catalogue = _tiny.Catalogue, Threads = 1 });
        _images = ImageFolder.Open(SmallImages.WriteLearnable(_folder, 5));
        float[] weights = [.. Enumerable.Range(0, 2 * _backbone.Width).Select(i => (float)Math.Sin(i))];
        _head = new LinearHead(weights, new float[2], Activation.Softmax, _images.Classes);
    }

    public void Dispose()
    {
        _backbone.Dispose();
        _tiny.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    public void Answers_are_those_of_the_head_on_cached_views(int fixedBatch)
    {
        using var cache = EmbeddingCache.Open(_folder["cache"]);
        var plain = Embedder.Run(_backbone, _images, cache);
        var (set, views) = ViewedRun.Run(_backbone, plain, cache, Views, [Split.Train]).Aligned();
        var expected = _head.Predict(set.Rows, [.. views.Select(view => view.Rows)]);
        using var model = Fused(fixedBatch);
        model.TestViews = Views;

        foreach (var (i, (_, prediction, error)) in model.PredictAll(_images.Items, batchSize: 3).Index())
        {
            Assert.Null(error);
            Assert.Equal(expected[i].ToArray(), [.. prediction!.Output], Near);
            Assert.Equal([.. prediction.Output], [.. model.Predict(_images.Items[i]).Output], Near);
        }

        var first = _images.Items[0].Images[0].Path;
        Assert.Equal([.. model.Predict(first).Output], [.. model.Predict(File.ReadAllBytes(first)).Output], Near);
    }

    [Fact]
    public void Views_change_answers_and_none_leave_them()
    {
        using var model = Fused(0);
        var item = _images.Items[1];
        float[] plain = [.. model.Predict(item).Output];

        model.TestViews = Views;
        Assert.NotEqual(plain, (float[])[.. model.Predict(item).Output]);
        model.TestViews = AugmentedView.Several(new Augmentation(), 3);
        Assert.Equal(plain, [.. model.Predict(item).Output], Near);
        model.TestViews = [];
        Assert.Equal(plain, (float[])[.. model.Predict(item).Output]);
    }

    [Fact]
    public void Photos_of_an_item_are_averaged_view_by_view()
    {
        FusedModel.Save(_folder["photos.onnx"], _backbone, _head, FusedModel.Card(_backbone, _head) with { AveragesPhotos = true });
        using var model = ImageModel.Load(_folder["photos.onnx"]);
        var item = new DatasetItem { Images = [.. _images.Items.Take(3).Select(of => of.Images[0])] };
        using var cache = EmbeddingCache.Open(_folder["cache"]);
        var plain = Embedder.Run(_backbone, _images with { Items = [item] }, cache);
        var (set, views) = ViewedRun.Run(_backbone, plain, cache, Views, [Split.Train]).Aligned();
        model.TestViews = Views;

        float[] expected = _head.Predict(set.Rows, [.. views.Select(view => view.Rows)])[0].ToArray();
        Assert.Equal(expected, [.. model.Predict(item).Output], Near);
        Assert.Equal(expected, [.. model.PredictAll([item, item]).First().Prediction!.Output], Near);
    }

    private static bool Near(float a, float b) => Math.Abs(a - b) <= 1e-5f;

    private ImageModel Fused(int fixedBatch)
    {
        if (fixedBatch > 0)
        {
            _tiny.FixBatch(fixedBatch);
        }

        using var backbone = Backbone.Load("tiny", settings: new BackboneSettings { Catalogue = _tiny.Catalogue, Threads = 1 });
        FusedModel.Save(_folder["m.onnx"], backbone, _head, FusedModel.Card(backbone, _head));
        return ImageModel.Load(_folder["m.onnx"]);
    }
}
