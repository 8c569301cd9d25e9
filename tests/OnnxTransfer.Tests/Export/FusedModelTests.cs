using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Export;
using OnnxTransfer.Heads;
using OnnxTransfer.Onnx;
using OnnxTransfer.Prediction;
using OnnxTransfer.Tests.Backbones;
using OnnxTransfer.Tests.Embeddings;

namespace OnnxTransfer.Tests.Export;

/// <summary>The one file gives what backbone, cache and managed head give together.</summary>
public sealed class FusedModelTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TinyBackbone _tiny = new();
    private readonly Backbone _backbone;
    private readonly EmbeddingCache _cache;

    public FusedModelTests()
    {
        _backbone = Load();
        _cache = EmbeddingCache.Open(_folder["cache"]);
    }

    public void Dispose()
    {
        _cache.Dispose();
        _backbone.Dispose();
        _tiny.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void A_classifier_equals_the_managed_head()
    {
        var data = ImageFolder.Open(SmallImages.WriteLearnable(_folder, 8));
        var set = _backbone.Embed(data, _cache);
        var head = new LogisticRegression { L2 = 1e-2 }.Fit(set);
        FusedModel.Save(_folder["m.onnx"], _backbone, head);

        using var model = ImageModel.Load(_folder["m.onnx"]);

        var expected = head.Predict(set.Rows);
        for (var i = 0; i < set.Count; i++)
        {
            var prediction = model.Predict(set.Names[i]);
            AssertClose(expected.Row(i).ToArray(), prediction.Output);
            Assert.Equal(prediction.Max(entry => entry.Probability), prediction[0].Probability);
        }

        Assert.Equal(["dark", "light"], model.Classes);
    }

    [Theory]
    [InlineData(Precision.Fp32)]
    [InlineData(Precision.Fp16)]
    public void A_classifier_on_embeddings_of_length_1_equals_the_managed_head(Precision precision)
    {
        using var backbone = Load(l2Normalize: true, taps: ["a:both", "b"], precision);
        var data = ImageFolder.Open(SmallImages.WriteLearnable(_folder, 8));
        var set = backbone.Embed(data, _cache);
        var head = new LogisticRegression { L2 = 1e-2 }.Fit(set);
        FusedModel.Save(_folder["m.onnx"], backbone, head);

        using var model = ImageModel.Load(_folder["m.onnx"]);

        var expected = head.Predict(set.Rows);
        for (var i = 0; i < set.Count; i++)
        {
            AssertClose(expected.Row(i).ToArray(), model.Predict(set.Names[i]).Output);
        }

        Assert.True(model.Card.L2Normalize);
        Assert.Equal(backbone.Precision, model.Card.Backbone.Precision);
        Assert.Equal("float probabilities[N,2]", Assert.Single(OnnxModel.Load(_folder["m.onnx"]).Outputs).ToString());
        Assert.Contains("\"l2Normalize\":true", model.Card.ToJson());
        Assert.Equal(["a:both", "b:average"], model.Card.Backbone.Taps);
    }

    [Fact]
    public void A_network_may_use_the_names_that_are_used_here()
    {
        using var tiny = new TinyBackbone();
        tiny.Replace(TensorNames.Rename(tiny.Model, new Dictionary<string, string>
        {
            ["input"] = "pixels", ["a"] = "embedding", ["w1"] = "value", ["b"] = "probabilities", ["v"] = "embedding_a_grid2",
        }));
        tiny.Json["input"]!["tensor"] = "pixels";
        foreach (var (tap, tensor) in tiny.Json["taps"]!.AsArray().Zip(["embedding", "probabilities", "embedding_a_grid2"]))
        {
            tap!["tensor"] = tensor;
        }

        tiny.Write();
        var data = ImageFolder.Open(SmallImages.WriteLearnable(_folder, 4));
        string[] taps = ["a", "b", "v"];
        using var backbone = Backbone.Load("tiny", settings: new BackboneSettings { Catalogue = tiny.Catalogue, Threads = 1, Taps = taps });
        using var plain = Load(taps: taps);
        var set = backbone.Embed(data, _cache);
        var head = new LogisticRegression { L2 = 1e-2 }.Fit(set);
        FusedModel.Save(_folder["m.onnx"], backbone, head);

        using var model = ImageModel.Load(_folder["m.onnx"]);

        AssertClose(head.Predict(set.Rows).Row(3).ToArray(), model.Predict(set.Names[3]).Output);
        AssertClose(plain.Embed(data, _cache).Rows[3].ToArray(), set.Rows[3].ToArray());
        Assert.Contains(" embedding grid2 ", backbone.Taps[0].Identity);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_graph_of_a_fixed_batch_answers_for_one_image(int batch)
    {
        using var tiny = new TinyBackbone();
        tiny.FixBatch(batch);
        using var backbone = Backbone.Load("tiny", settings: new BackboneSettings { Catalogue = tiny.Catalogue, Threads = 1 });
        SmallImages.WriteLearnable(_folder, 4);
        var data = new Dataset
        {
            Source = "made up",
            IsRegression = true,
            NumberNames = ["beds"],
            Items = [.. Enumerable.Range(0, 4).Select(i => new DatasetItem { Images = [Photo(2 * i)], Target = 10 + (i * i), Numbers = [i] })],
        };
        var set = backbone.Embed(data, _cache);
        var head = new RidgeRegression { L2 = 1e-2 }.Fit(set);
        var card = FusedModel.Card(backbone, head) with { Numbers = ["beds"] };
        FusedModel.Save(_folder["m.onnx"], backbone, head, card);

        using var model = ImageModel.Load(_folder["m.onnx"]);

        Assert.Equal([(long)batch, 8, 8, 3], OnnxModel.Load(_folder["m.onnx"]).Inputs[0].Dimensions!);
        for (var i = 0; i < set.Count; i++)
        {
            AssertClose([head.Predict(set.Rows).Row(i)[0]], [model.Predict(data.Items[i]).Value]);
        }

        var error = Assert.Throws<OnnxTransferException>(() => FusedModel.Save(_folder["n.onnx"], backbone, head, card with { AveragesPhotos = true }));
        Assert.Equal(
            $"backbone 'tiny': its graph takes {batch} images at once and no other number, so no model made of it can average the photos of an item, "
            + "of which there may be any number; take a backbone of a free batch, or write no model",
            error.Message);

        ImageSource Photo(int i) => new(_folder["learnable", "dark", $"{i:0000}.bmp"]);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void A_regression_over_averaged_photos_with_numbers_equals_the_managed_head(bool logTarget, bool l2Normalize)
    {
        using var backbone = Load(l2Normalize);
        SmallImages.WriteLearnable(_folder, 8);
        var data = new Dataset
        {
            Source = "made up",
            IsRegression = true,
            NumberNames = ["beds"],
            Items = [.. Enumerable.Range(0, 8).Select(i => new DatasetItem
            {
                Images = [Photo("dark", 2 * i), Photo("light", (2 * i) + 1)], Target = 10 + (i * i), Numbers = [i],
            })],
        };
        var set = backbone.Embed(data, _cache);
        var head = new RidgeRegression { L2 = 1e-2, LogTarget = logTarget }.Fit(set);
        var card = FusedModel.Card(backbone, head) with { AveragesPhotos = true, Numbers = ["beds"] };
        FusedModel.Save(_folder["m.onnx"], backbone, head, card);

        using var model = ImageModel.Load(_folder["m.onnx"]);

        var expected = head.Predict(set.Rows);
        for (var i = 0; i < set.Count; i++)
        {
            AssertClose([expected.Row(i)[0]], [model.Predict(data.Items[i]).Value]);
        }

        var error = Assert.Throws<OnnxTransferException>(() => model.Predict(data.Items[0] with { Numbers = [] }));
        Assert.Equal(
            $"{_folder["m.onnx"]} wants 1 numbers beside the image (beds) and got 0; give them as the numbers of the item, or as columns of a manifest", error.Message);

        ImageSource Photo(string kind, int i) => new(_folder["learnable", kind, $"{i:0000}.bmp"]);
    }

    [Fact]
    public void The_file_tells_all_that_is_needed_to_use_it()
    {
        var data = ImageFolder.Open(SmallImages.WriteLearnable(_folder, 4));
        var head = new LogisticRegression { L2 = 1e-2 }.Fit(_backbone.Embed(data, _cache));
        FusedModel.Save(_folder["m.onnx"], _backbone, head);

        var file = OnnxModel.Load(_folder["m.onnx"]);
        var card = ModelCard.Parse(file.Metadata[ModelCard.MetadataKey]);

        var input = Assert.Single(file.Inputs);
        Assert.Equal(("pixels", ElementType.UInt8), (input.Name, input.ElementType));
        Assert.Equal([-1L, 8, 8, 3], input.Dimensions!);
        Assert.Equal([-1L, 2], Assert.Single(file.Outputs).Dimensions!);
        Assert.Equal(["dark", "light"], card.Classes);
        Assert.Equal((_backbone.Sha256, "fp32", false), (card.Backbone.Sha256, card.Backbone.Precision, card.L2Normalize));
        Assert.Equal("shorterSide 10 bicubic crop 8x8", card.Preprocessing.Signature);
        Assert.Equal(["a:grid2", "b:average"], card.Backbone.Taps);
    }

    [Fact]
    public void A_head_of_another_width_is_refused()
    {
        var head = new LinearHead(new float[10], new float[2], Activation.Softmax, ["x", "y"]);

        var error = Assert.Throws<OnnxTransferException>(() => FusedModel.Save(_folder["m.onnx"], _backbone, head));

        Assert.Equal(
            "the head takes 5 values, but tiny at a:grid2, b:average with 0 numbers gives 22; fuse it with the backbone, taps and numbers it was fitted on",
            error.Message);
    }

    private Backbone Load(bool l2Normalize = false, string[]? taps = null, Precision precision = Precision.Fp32) =>
        Backbone.Load("tiny", settings: new BackboneSettings { Catalogue = _tiny.Catalogue, Threads = 1, L2Normalize = l2Normalize, Taps = taps, Precision = precision });

    private static void AssertClose(IReadOnlyList<float> expected, IReadOnlyList<float> actual)
    {
        Assert.Equal(expected.Count, actual.Count);
        for (var i = 0; i < expected.Count; i++)
        {
            Assert.InRange(actual[i], expected[i] - (1e-5 * (1 + Math.Abs(expected[i]))), expected[i] + (1e-5 * (1 + Math.Abs(expected[i]))));
        }
    }
}
