using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Export;
using OnnxTransfer.Heads;
using OnnxTransfer.Heads.Tuning;
using OnnxTransfer.Inference;
using OnnxTransfer.Numerics;
using OnnxTransfer.Prediction;
using OnnxTransfer.Tests.Backbones;
using OnnxTransfer.Tests.Embeddings;
using OnnxTransfer.Training;

namespace OnnxTransfer.Tests.Heads;

public sealed class FromScratchTests : IDisposable
{
    private static readonly FromScratch Quick = new()
    {
        Training = FromScratch.UsualTraining with { Epochs = 12, BatchSize = 16, Threads = 1, Seed = 5 },
        Normalise = Normalise.Batch,
        Augmentation = new() { Flip = 0.5, Pad = 1 },
        HeldOut = 0,
    };

    private readonly TempFolder _folder = new();
    private readonly TinyBackbone _tiny = new();

    public void Dispose()
    {
        _folder.Dispose();
        _tiny.Dispose();
    }

    [Fact]
    public void Learns_which_way_stripes_run_and_becomes_one_file()
    {
        var data = Stripes(96);
        using var backbone = Load();
        using var cache = EmbeddingCache.Open(_folder["cache"]);

        using var made = (Quick with { Training = Quick.Training with { Epochs = 30 } }).Fit(backbone, data, cache);

        // The average pixel does not tell; nor do the backbone's weights, which are random numbers.
        var test = made.Backbone.Embed(data.Of(Split.Test), cache);
        var scores = (ClassificationScores)made.Head.Evaluate(test, 0);
        Assert.InRange(scores.Accuracy, 0.85, 1);
        Assert.Equal((64, 30, "scratch"), (made.Report.Fit.Rows, made.Report.Epochs.Count, made.Report.Part));
        Assert.True(made.Report.Epochs[^1].Loss < made.Report.Epochs[0].Loss);
        Assert.Equal(0, made.Backbone.Description.Parameters - (4 * 27) - 4 - (6 * 36) - 6);
        Assert.Equal(["v"], made.Backbone.Taps.Select(tap => tap.Name));
        Assert.NotEqual(backbone.Sha256, made.Backbone.Sha256);

        string file = _folder["stripes.onnx"];
        FusedModel.Save(file, made.Backbone, made.Head);
        using var model = ImageModel.Load(file);
        var first = data.Of(Split.Test).Items[0];
        Assert.Equal(made.Head.Predict(test.Rows)[0][0], model.Predict(first.Name).First(answer => answer.Label == data.Classes[0]).Probability, 1e-5f);
    }

    [Fact]
    public void An_interrupted_run_goes_on_to_the_same_weights()
    {
        var data = Stripes(48);
        using var backbone = Load();
        using var cache = EmbeddingCache.Open(_folder["cache"]);
        var settings = Quick with { Training = Quick.Training with { Epochs = 5 }, HeldOut = 0.25 };
        using var whole = settings.Fit(backbone, data, cache);
        File.Delete(whole.Report.Checkpoint!);

        using (var stop = new CancellationTokenSource())
        {
            Assert.Throws<OperationCanceledException>(() => settings.Fit(backbone, data, cache, null, progress =>
            {
                if (progress.Epoch == 3)
                {
                    stop.Cancel();
                }
            }, stop.Token));
        }

        Assert.Single(Directory.GetFiles(_folder["cache", "tuned"], "*.checkpoint"));
        int begun = int.MaxValue;
        using var resumed = settings.Fit(backbone, data, cache, null, progress => begun = Math.Min(begun, progress.Epoch));

        Assert.Equal(3, begun);
        Assert.Equal(whole.Backbone.Sha256, resumed.Backbone.Sha256);
        Assert.Equal(((LinearHead)whole.Head).Weights, ((LinearHead)resumed.Head).Weights);
        using var other = (settings with { Training = settings.Training with { Seed = 6 } }).Fit(backbone, data, cache);
        Assert.NotEqual(whole.Backbone.Sha256, other.Backbone.Sha256);
    }

    [Fact]
    public void The_weights_before_a_training_diverged_are_its_result()
    {
        var stripes = Stripes(48);
        var data = stripes with { Classes = [], IsRegression = true, Items = [.. stripes.Items.Select(item => item with { Target = 10 * item.Label, Label = -1 })] };
        using var backbone = Load();
        using var cache = EmbeddingCache.Open(_folder["cache"]);
        var training = Quick.Training with { Epochs = 40, LearningRate = 40, Schedule = LearningRateSchedule.Constant with { WarmUp = 39 } };

        using var made = (Quick with { Training = training }).Fit(backbone, data, cache);

        Assert.InRange(made.Report.Epochs.Count, 1, 39);
        Assert.EndsWith($"the weights of epoch {made.Report.Best + 1} are kept", made.Report.Diverged, StringComparison.Ordinal);
        Assert.Contains(made.Report.Diverged, made.Report.Fit.Notes);
        Assert.True(double.IsFinite(((RegressionScores)made.Head.Evaluate(made.Backbone.Embed(data.Of(Split.Test), cache))).MeanAbsoluteError));
        Assert.InRange(made.Report.SecondsFrozen, double.Epsilon, made.Report.Fit.Seconds);
    }

    [Fact]
    public void Another_size_and_tap_make_a_backbone_of_their_own()
    {
        var data = Stripes(24);
        using var backbone = Load();
        using var cache = EmbeddingCache.Open(_folder["cache"]);
        var settings = Quick with { Training = Quick.Training with { Epochs = 1 }, Tap = "a", Height = 12, Width = 10, Output = _folder["own.onnx"], Augmentation = null };

        using var made = settings.Fit(backbone, data, cache);

        Assert.Equal(("own", 12, 10), (made.Backbone.Description.Name, made.Backbone.PixelHeight, made.Backbone.PixelWidth));
        Assert.Equal(["a"], made.Backbone.Description.Taps.Select(tap => tap.Name));
        Assert.Equal([4, 12, 10], made.Backbone.Taps[0].Shape);
        Assert.Equal(16, made.Head.Width); // pooled to a grid of 2 x 2, as described
        using var loaded = Backbone.Load(_folder["own.onnx"], ExecutionProvider.Cpu);
        Assert.Equal(made.Backbone.Sha256, loaded.Sha256);
    }

    [Fact]
    public void What_cannot_be_trained_is_said_before_any_image_is_read()
    {
        var data = Stripes(4);
        using var backbone = Load();
        using var cache = EmbeddingCache.Open(_folder["cache"]);
        string Refused(FromScratch settings, Dataset? other = null) => Assert.ThrowsAny<OnnxTransferException>(() => settings.Fit(backbone, other ?? data, cache)).Message;

        Assert.Equal(
            "HeldOut = 0.7, HuberDelta = , Height = , Width = , PixelMemory = ; expected HeldOut of 0 to 0.5, HuberDelta above 0, Height and Width of at least 1, PixelMemory of at least 0",
            Refused(Quick with { HeldOut = 0.7 }));
        Assert.Equal("backbone 'tiny': has no tap 'z'; it has 'a', 'b', 'v'", Refused(Quick with { Tap = "z" }));
        Assert.EndsWith("items are test items; expected some to train on", Refused(Quick, data.Of(Split.Test)), StringComparison.Ordinal);
        Assert.Contains("numbers beside the images (beds)", Refused(Quick, data with { NumberNames = ["beds"] }), StringComparison.Ordinal);
    }

    private Backbone Load() => Backbone.Load("tiny", ExecutionProvider.Cpu, new BackboneSettings { Catalogue = _tiny.Catalogue, Threads = 1 });

    // Two colours drawn for each image, in stripes two pixels wide; a third of the images are for the test.
    private Dataset Stripes(int count)
    {
        var random = new SeededRandom(9);
        for (int i = 0; i < count; i++)
        {
            byte[] bitmap = SmallImages.Bitmap(i), colours = [.. Enumerable.Range(0, 6).Select(_ => (byte)random.NextInt(256))];
            int phase = random.NextInt(4);
            for (int p = 0; p < 64; p++)
            {
                int place = ((i % 2 == 0 ? p % 8 : p / 8) + phase) / 2 % 2;
                colours.AsSpan(3 * place, 3).CopyTo(bitmap.AsSpan(54 + (3 * p)));
            }

            File.WriteAllBytes(_folder["stripes", i % 3 == 2 ? "test" : "train", i % 2 == 0 ? "upright" : "level", $"{i:000}.bmp"], bitmap);
        }

        return ImageFolder.Open(_folder["stripes"]);
    }
}
