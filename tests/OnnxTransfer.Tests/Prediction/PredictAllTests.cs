using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Export;
using OnnxTransfer.Heads;
using OnnxTransfer.Prediction;
using OnnxTransfer.Tests.Backbones;
using OnnxTransfer.Tests.Embeddings;

namespace OnnxTransfer.Tests.Prediction;

/// <summary>Many items are predicted as each alone, in their order, whatever the batch and whatever fails.</summary>
public sealed class PredictAllTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TinyBackbone _tiny = new();

    public PredictAllTests() => SmallImages.WriteLearnable(_folder, 6);

    public void Dispose()
    {
        _tiny.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(12)]
    public void Many_equal_one_by_one(int batchSize)
    {
        using var model = Fused(["x", "y", "z"]);
        var items = Items(12);

        AssertSame(model, items, model.PredictAll(items, batchSize));
    }

    [Fact]
    public void What_fails_is_told_in_its_place_and_the_rest_goes_on()
    {
        using var model = Fused(["x", "y", "z"]);
        File.WriteAllText(_folder["text.bmp"], "no image");
        var items = Items(8);
        items.Insert(0, Item(_folder["gone.bmp"]));
        items.Insert(4, Item(_folder["text.bmp"]));
        items.Insert(5, new DatasetItem { Images = [.. Items(2).Select(item => item.Images[0])] });
        items.Insert(6, Item(_folder["text.bmp"]) with { Numbers = [1] });

        var answers = model.PredictAll(items, batchSize: 4).ToArray();

        AssertSame(model, items, answers);
        Assert.Equal([0, 4, 5, 6], answers.Index().Where(answer => answer.Item.Error is not null).Select(answer => answer.Index));
        Assert.StartsWith($"{_folder["gone.bmp"]}: cannot be read", answers[0].Error, StringComparison.Ordinal);
        Assert.Contains(_folder["text.bmp"], answers[4].Error, StringComparison.Ordinal);
        Assert.Contains("takes one at a time", answers[5].Error, StringComparison.Ordinal);
        Assert.All(model.PredictAll([items[0], items[4]]), answer => Assert.Null(answer.Prediction));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void Every_row_gets_its_own_numbers(int batch)
    {
        if (batch > 0)
        {
            _tiny.FixBatch(batch);
        }

        using var model = Fused([], numbers: ["beds", "area"]);
        List<DatasetItem> items = [.. Items(7).Select((item, i) => item with { Numbers = [i, 10 - (2 * i)] })];
        items[2] = items[2] with { Numbers = [] };

        AssertSame(model, items, model.PredictAll(items, batchSize: 3));
    }

    [Fact]
    public void Photos_of_an_item_are_averaged_with_each_other_alone()
    {
        using var model = Fused([], numbers: ["beds"], averages: true);
        var photos = Items(12).SelectMany(item => item.Images).ToArray();
        int[] first = [0, 1, 4, 6, 12];
        List<DatasetItem> items = [.. first.Zip(first.Skip(1), (from, to) => new DatasetItem { Images = photos[from..to], Numbers = [from] })];

        AssertSame(model, items, model.PredictAll(items, batchSize: 4));
    }

    [Fact]
    public void None_give_none_and_a_batch_below_zero_is_refused()
    {
        using var model = Fused(["x", "y", "z"]);

        Assert.Empty(model.PredictAll([]));
        Assert.Throws<ArgumentOutOfRangeException>(() => model.PredictAll([], -1));
    }

    [Fact]
    public void Cancelling_ends_it()
    {
        using var model = Fused(["x", "y", "z"]);
        using var stop = new CancellationTokenSource();
        using var answers = model.PredictAll(Items(12), batchSize: 2, stop.Token).GetEnumerator();
        Assert.True(answers.MoveNext());
        stop.Cancel();

        Assert.ThrowsAny<OperationCanceledException>(() =>
        {
            while (answers.MoveNext())
            {
            }
        });
    }

    [Fact]
    public void Who_stops_reading_may_dispose_the_model()
    {
        using var model = Fused(["x", "y", "z"]);

        Assert.Equal(_folder["learnable", "dark", "0000.bmp"], model.PredictAll(Items(12), batchSize: 1).First().Item.Name);
    }

    private static void AssertSame(ImageModel model, IReadOnlyList<DatasetItem> items, IEnumerable<ItemPrediction> answers)
    {
        var all = answers.ToArray();
        Assert.Equal(items, all.Select(answer => answer.Item));
        foreach (var (item, prediction, error) in all)
        {
            if (error is not null)
            {
                Assert.Null(prediction);
                Assert.Equal(Assert.ThrowsAny<OnnxTransferException>(() => model.Predict(item)).Message, error);
                continue;
            }

            // Sums of a batch may be taken in another order.
            Assert.All(model.Predict(item).Output.Zip(prediction!.Output), pair => Assert.Equal(pair.First, pair.Second, 1e-5f * (1 + Math.Abs(pair.First))));
        }
    }

    private static DatasetItem Item(string path) => new() { Images = [new ImageSource(path)] };

    private List<DatasetItem> Items(int count) =>
        [.. Enumerable.Range(0, count).Select(i => Item(_folder["learnable", i % 2 == 0 ? "dark" : "light", $"{i:0000}.bmp"]))];

    private ImageModel Fused(string[] classes, string[]? numbers = null, bool averages = false)
    {
        using var backbone = Backbone.Load("tiny", settings: new BackboneSettings { Catalogue = _tiny.Catalogue, Threads = 1 });
        var (outputs, width) = (Math.Max(1, classes.Length), backbone.Width + (numbers?.Length ?? 0));
        float[] weights = [.. Enumerable.Range(0, outputs * width).Select(i => (float)Math.Sin(i))];
        var head = new LinearHead(weights, new float[outputs], classes.Length > 0 ? Activation.Softmax : Activation.Identity, classes);
        FusedModel.Save(_folder["m.onnx"], backbone, head, FusedModel.Card(backbone, head) with { Numbers = numbers ?? [], AveragesPhotos = averages });
        return ImageModel.Load(_folder["m.onnx"]);
    }
}
