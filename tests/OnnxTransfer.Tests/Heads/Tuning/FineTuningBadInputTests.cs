using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Heads;
using OnnxTransfer.Heads.Tuning;
using OnnxTransfer.Onnx;
using OnnxTransfer.Tests.Embeddings;
using OnnxTransfer.Tests.Onnx;
using OnnxTransfer.Training;

namespace OnnxTransfer.Tests.Heads;

/// <summary>What cannot be fine-tuned says so before anything is embedded, and from where it could be.</summary>
public sealed class FineTuningBadInputTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly EmbeddingCache _cache;
    private readonly Dataset _images;

    public FineTuningBadInputTests()
    {
        _cache = EmbeddingCache.Open(_folder["cache"]);
        _images = ImageFolder.Open(SmallImages.WriteLearnable(_folder, 6));
    }

    public void Dispose()
    {
        _cache.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("layer9", null, "backbone 'staged': 'layer9' cannot be unfrozen: there is no such stage; expected last, all, or one of 'one', 'two', 'three', 'averages'")]
    [InlineData("averages", null, "what follows 'three' has no weights; expected an earlier end of the frozen part, so that there is something to train")]
    [InlineData("last", "norm", "not all of the network passes 'norm', other paths go round it; expected a tensor that everything passes: the nearest are 'down' before it and 'sum' behind it")]
    [InlineData("last", "norms", "has no tensor 'norms' on the way to the taps in use; those at which it falls into two parts are")]
    [InlineData("last", "averages", "nothing follows 'averages' before the embedding, so that there is nothing to train")]
    public void A_place_that_is_none(string unfreeze, string? after, string said)
    {
        using var staged = new StagedBackbone();

        Assert.Contains(said, Refused(staged, new FineTuning { Unfreeze = unfreeze, UnfreezeAfter = after }), StringComparison.Ordinal);
    }

    [Fact]
    public void A_stage_behind_the_taps_in_use()
    {
        using var staged = new StagedBackbone();
        using var backbone = staged.Load("two");

        string said = Assert.Throws<TrainingException>(() => new FineTuning { Unfreeze = "three" }.Fit(backbone, _images, _cache)).Message;

        Assert.Equal("backbone 'staged': 'three' cannot be unfrozen: it lies behind the taps in use, which do not depend on it; expected last, all, or one of 'one', 'two'", said);
    }

    [Fact]
    public void Weights_that_both_parts_read()
    {
        using var staged = new StagedBackbone(builder =>
        {
            string shared = builder.Floats("shared", Graphs.Floats(64, 9), 8, 8, 1, 1);
            builder.NodeInto("four", "Relu", [builder.Node("Conv", ["three", shared], "conv_four")]);
            return builder.Node("Relu", [builder.Node("Conv", ["four", shared], "conv_five")], "five");
        });

        string said = Refused(staged, new FineTuning { UnfreezeAfter = "four" });

        Assert.Equal(
            $"{staged.ModelPath}: the weight 'shared' is read by node 'conv_four' (Conv), which stays frozen, and in the trained part where 'conv_five' is computed; trained it would differ "
            + "between the two: expected no such weight; unfreeze from before the first of them on ('all' has nothing frozen), or export the network with separate weights",
            said);
        using var backbone = staged.Load();
        using var tuned = new FineTuning { Unfreeze = "three", Training = FineTuning.UsualTraining with { Epochs = 1, Threads = 1 } }.Fit(backbone, _images, _cache);
        Assert.Equal("two", tuned.Report.FrozenTensor);
    }

    [Fact]
    public void An_int8_backbone()
    {
        using var staged = new StagedBackbone { Precision = "int8" };
        staged.Write();

        Assert.Equal(
            "backbone 'staged': computes in int8, which has no gradients; expected float32: fine-tune the float32 backbone it was made of (These tests.) and quantise the result",
            Refused(staged, new FineTuning()));
    }

    [Fact]
    public void An_operator_without_gradient()
    {
        using var staged = new StagedBackbone();
        var proto = staged.Model.Proto.Clone();
        proto.Graph.Node.Single(node => node.Output.Contains("down")).OpType = "Floor";
        staged.Replace(new OnnxModel(proto, "staged"));

        string said = Refused(staged, new FineTuning { Unfreeze = "two" });

        Assert.Contains("Floor", said, StringComparison.Ordinal);
        Assert.Empty(_cache.Spaces());
    }

    [Fact]
    public void An_old_operator_set()
    {
        using var staged = new StagedBackbone(opset: 11);

        Assert.Contains("is of operator set 11; gradients are made for 13 and newer", Refused(staged, new FineTuning()), StringComparison.Ordinal);
    }

    [Fact]
    public void Numbers_and_several_photos()
    {
        using var staged = new StagedBackbone();
        using var backbone = staged.Load();
        var numbers = _images with { NumberNames = ["beds"], Items = [.. _images.Items.Select(item => item with { Numbers = [1] })] };
        var photos = _images with { Items = [.. _images.Items.Select(item => item with { Id = "house", Images = [item.Images[0], item.Images[0]] })] };

        Assert.Contains("has numbers beside the images (beds)", Assert.Throws<FitException>(() => new FineTuning().Fit(backbone, numbers, _cache)).Message, StringComparison.Ordinal);
        Assert.Contains("house has 2 images, whose embeddings would be averaged", Assert.Throws<FitException>(() => new FineTuning().Fit(backbone, photos, _cache)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_learning_rate_that_diverges()
    {
        using var staged = new StagedBackbone();
        using var backbone = staged.Load();

        var error = Assert.ThrowsAny<TrainingException>(() => new FineTuning { Training = FineTuning.UsualTraining with { LearningRate = 1e6, Optimizer = new Sgd(), BatchSize = 4, Threads = 1 } }.Fit(backbone, _images, _cache));

        Assert.IsType<DivergedException>(error);
        Assert.Contains("the training diverges at LearningRate", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_that_make_no_sense()
    {
        using var staged = new StagedBackbone();
        using var backbone = staged.Load();

        Assert.Contains("RateRatio = 0.5", Assert.Throws<FitException>(() => new FineTuning { RateRatio = 0.5 }.Fit(backbone, _images, _cache)).Message, StringComparison.Ordinal);
        Assert.Contains(
            "expected weights: sampling repeats or leaves out rows",
            Assert.Throws<FitException>(() => new FineTuning { ClassWeights = new() { Method = RebalancingMethod.OverSampling } }.Fit(backbone, _images, _cache)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_there_is_not_replaced_but_in_the_cache()
    {
        using var staged = new StagedBackbone();
        using var backbone = staged.Load();
        var quick = new FineTuning { Training = FineTuning.UsualTraining with { Epochs = 1, Threads = 1 } };
        string Said(string output) => Assert.Throws<FitException>(() => (quick with { Output = output }).Fit(backbone, _images, _cache)).Message;
        File.WriteAllText(_folder["there.onnx"], "");
        File.WriteAllText(_folder["cache", "transfer", "mine.onnx"], "");
        byte[] before = File.ReadAllBytes(staged.ModelPath);

        Assert.Equal($"{staged.ModelPath}: is the backbone that the new one is made of; expected another file: write elsewhere", Said(staged.ModelPath));
        Assert.Equal(
            $"{_folder["there.onnx"]}: is there already; expected none, since the new backbone and its description are written there: delete it, or write elsewhere",
            Said(_folder["there.onnx"]));
        Assert.Contains(
            "is there already; expected none", Assert.Throws<FitException>(() => new FromScratch { Output = _folder["there.onnx"] }.Fit(backbone, _images, _cache)).Message, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(staged.ModelPath));
        using var tuned = (quick with { Output = _folder["cache", "transfer", "mine.onnx"] }).Fit(backbone, _images, _cache);
        Assert.Equal("mine", tuned.Backbone.Description.Name);
    }

    private string Refused(StagedBackbone staged, FineTuning settings)
    {
        using var backbone = staged.Load();
        return Assert.Throws<TrainingException>(() => settings.Fit(backbone, _images, _cache)).Message;
    }
}
