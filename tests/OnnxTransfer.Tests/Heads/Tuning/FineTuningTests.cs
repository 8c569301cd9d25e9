using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Export;
using OnnxTransfer.Heads;
using OnnxTransfer.Heads.Tuning;
using OnnxTransfer.Imaging;
using OnnxTransfer.Onnx;
using OnnxTransfer.Prediction;
using OnnxTransfer.Tests.Embeddings;
using OnnxTransfer.Tests.Onnx;
using OnnxTransfer.Training;

namespace OnnxTransfer.Tests.Heads;

/// <summary>A backbone is fine-tuned, written and loaded again, and the file answers as was measured.</summary>
public sealed class FineTuningTests : IDisposable
{
    private static readonly FineTuning Quick = new() { Training = FineTuning.UsualTraining with { Epochs = 10, BatchSize = 8, LearningRate = 3e-2, Threads = 1 }, L2 = 1e-2, RateRatio = 4 };

    private readonly TempFolder _folder = new();
    private readonly StagedBackbone _staged = new();
    private readonly EmbeddingCache _cache;
    private readonly Dataset _images;

    public FineTuningTests()
    {
        _cache = EmbeddingCache.Open(_folder["cache"]);
        _images = ImageFolder.Open(Striped(24)).Draw(Split.Test, 0.25, 0);
    }

    public void Dispose()
    {
        _cache.Dispose();
        _staged.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("last", "two", "three")]
    [InlineData("three", "two", "three")]
    [InlineData("two", "one", "two")]
    [InlineData("one", null, "all")]
    [InlineData("all", null, "all")]
    public void Training_lowers_the_validation_loss(string unfreeze, string? frozen, string part)
    {
        using var backbone = _staged.Load();

        using var tuned = (Quick with { Unfreeze = unfreeze }).Fit(backbone, _images, _cache);

        Assert.Equal((part, frozen), (tuned.Report.Part, tuned.Report.FrozenTensor));
        Assert.True(tuned.Report.FineTuned < 0.8 * tuned.Report.HeadFirst, $"{tuned.Report.HeadFirst} before, {tuned.Report.FineTuned} after");
        Assert.Equal($"staged-{part}-tuned", tuned.Backbone.Description.Name);
        Assert.Contains("Fine-tuned by OnnxTransfer", tuned.Backbone.Description.Source, StringComparison.Ordinal);
        Assert.Equal(tuned.Report.Best + 1, tuned.Report.Fit.Chosen!.Value);
    }

    [Fact]
    public void Rows_of_the_frozen_part_can_be_mixed()
    {
        using var backbone = _staged.Load();
        using var plain = Quick.Fit(backbone, _images, _cache);
        using var mixed = (Quick with { Mixup = 0.3 }).Fit(backbone, _images, _cache);

        Assert.NotEqual(plain.Backbone.Sha256, mixed.Backbone.Sha256);
        Assert.True(mixed.Report.FineTuned < mixed.Report.HeadFirst, $"{mixed.Report.HeadFirst} before, {mixed.Report.FineTuned} after");
        Assert.Equal(
            "Mixup = 0.3 with nothing frozen; expected 0: pixels are augmented instead, by Views",
            Assert.Throws<FitException>(() => (Quick with { Mixup = 0.3, Unfreeze = "all" }).Fit(backbone, _images, _cache)).Message);
    }

    [Theory]
    [InlineData("averages", false)]
    [InlineData("one two:max three:both averages", false)]
    [InlineData("three:grid2 two", true)]
    public void The_file_answers_as_was_measured(string taps, bool unitLength)
    {
        using var backbone = Backbone.Load(_staged.ModelPath, settings: new() { Threads = 1, Taps = taps.Split(' '), L2Normalize = unitLength });
        using var tuned = Quick.Fit(backbone, _images, _cache);
        var test = tuned.Backbone.Embed(_images.Of(Split.Test), _cache);

        FusedModel.Save(_folder["m.onnx"], tuned.Backbone, tuned.Head);
        using var model = ImageModel.Load(_folder["m.onnx"]);

        var expected = tuned.Head.Predict(test.Rows);
        for (int i = 0; i < test.Count; i++)
        {
            var found = model.Predict(test.Names[i]).Output;
            for (int c = 0; c < found.Count; c++)
            {
                Assert.Equal(expected[i][c], found[c], 1e-5);
            }
        }

        Assert.Equal(((ClassificationScores)tuned.Head.Evaluate(test)).Accuracy, ((ClassificationScores)ModelEvaluation.Run(model, _images.Of(Split.Test)).Scores).Accuracy);
    }

    [Fact]
    public void What_was_trained_is_what_the_new_backbone_computes()
    {
        using var backbone = _staged.Load();
        using var tuned = (Quick with { Calibrate = false }).Fit(backbone, _images, _cache);
        var seen = _images with { Items = [.. _images.Items.Where(item => item.Split != Split.Test)] };
        var set = tuned.Backbone.Embed(seen, _cache);

        var marked = Holdout.Mark(set, 0.2, 0)!.Of(Split.Validation);
        var answers = tuned.Head.Predict(marked.Rows);

        double loss = Enumerable.Range(0, marked.Count).Average(i => -Math.Log(answers[i][marked.Labels[i]]));
        Assert.Equal(tuned.Report.FineTuned, loss, 1e-4);
        Assert.Equal(tuned.Report.Epochs[tuned.Report.Best].Validation, loss, 1e-4);
    }

    [Fact]
    public void The_frozen_part_runs_once_an_image()
    {
        using var backbone = _staged.Load();
        using var first = Quick.Fit(backbone, _images, _cache);
        using var second = (Quick with { Training = Quick.Training with { Seed = 3 } }).Fit(backbone, _images, _cache);

        Assert.Equal(_images.Items.Count(item => item.Split != Split.Test), first.Report.Embedded);
        Assert.Equal(0, second.Report.Embedded);
        Assert.Contains("36 images x 96 values x 4 bytes", string.Join('\n', first.Report.Fit.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void The_frozen_part_stays_as_it_was_and_the_same_call_gives_the_same_weights()
    {
        using var backbone = _staged.Load("one", "two", "averages");
        using var first = Quick.Fit(backbone, _images, _cache);
        File.Delete(first.Report.Checkpoint!);
        using var again = Quick.Fit(backbone, _images, _cache);
        var before = backbone.Embed(_images, _cache);
        var after = first.Backbone.Embed(_images, _cache);

        Assert.Equal(first.Backbone.Sha256, again.Backbone.Sha256);
        Assert.Equal(((LinearHead)first.Head).Weights, ((LinearHead)again.Head).Weights);
        for (int i = 0; i < before.Count; i++)
        {
            Graphs.Near(before.Rows[i][..22], after.Rows[i][..22], 1e-5f);
            Assert.NotEqual(before.Rows[i][22..].ToArray(), after.Rows[i][22..].ToArray());
        }
    }

    [Fact]
    public void Early_stages_learn_more_slowly()
    {
        using var backbone = _staged.Load();
        using var all = (Quick with { Unfreeze = "all", RateRatio = 1000 }).Fit(backbone, _images, _cache);
        using var last = (Quick with { RateRatio = 1000 }).Fit(backbone, _images, _cache);

        Assert.Equal("3e-05, 0.0003, 0.003, 0.03", all.Report.Fit.Settings["stageRates"]);
        Assert.Equal("0.003, 0.03", last.Report.Fit.Settings["stageRates"]);
    }

    [Fact]
    public void A_class_without_train_rows_is_never_predicted()
    {
        using var backbone = _staged.Load();
        var three = _images with { Classes = ["absent", .. _images.Classes], Items = [.. _images.Items.Select(item => item with { Label = item.Label + 1 })] };

        using var tuned = Quick.Fit(backbone, three, _cache);

        Assert.Equal(three.Classes, tuned.Head.Classes);
        Assert.All(Enumerable.Range(0, 8), i => Assert.Equal(0, tuned.Head.Predict(tuned.Backbone.Embed(three.Of(Split.Test), _cache).Rows)[i][0]));
        Assert.Contains("class 'absent' has no rows; it is never predicted", tuned.Report.Fit.Notes);
    }

    [Fact]
    public void Numbers_are_predicted_in_their_own_unit()
    {
        using var backbone = _staged.Load();
        var settings = Quick with { LogTarget = true, HuberDelta = 1 };
        var prices = Prices(ImageFolder.Open(SmallImages.WriteLearnable(_folder, 24)).Draw(Split.Test, 0.25, 0));

        using var tuned = settings.Fit(backbone, prices, _cache);
        using var striped = settings.Fit(backbone, Prices(_images), _cache);

        var scores = (RegressionScores)tuned.Head.Evaluate(tuned.Backbone.Embed(prices.Of(Split.Test), _cache));
        Assert.True(scores.MeanAbsoluteError < 300, $"{scores}");
        Assert.True(striped.Report.FineTuned < striped.Report.HeadFirst);
    }

    [Fact]
    public void The_golden_embedding_is_made_anew()
    {
        string json = File.ReadAllText(Path.Combine(_staged.Folder, "staged.json"));
        File.Copy(_images.Items[0].Name, Path.Combine(_staged.Folder, "reference.bmp"));
        File.WriteAllText(
            Path.Combine(_staged.Folder, "staged.json"),
            json.Replace("\"embedding\"", "\"golden\": { \"image\": \"reference.bmp\", \"taps\": [\"three\"], \"values\": [1, 2, 3, 4, 5, 6, 7, 8] }, \"embedding\"", StringComparison.Ordinal));
        using var backbone = _staged.Load();

        using var tuned = (Quick with { Output = _folder["mine.onnx"] }).Fit(backbone, _images, _cache);

        Assert.Equal("mine", tuned.Backbone.Description.Name);
        Assert.True(GoldenCheck.Run(_folder["mine.onnx"]).Passed);
    }

    [Fact]
    public void An_interrupted_training_goes_on_where_it_ended()
    {
        using var backbone = _staged.Load();
        using var cancellation = new CancellationTokenSource();
        var epochs = new List<int>();
        Assert.Throws<OperationCanceledException>(() => Quick.Fit(
            backbone, _images, _cache, null,
            progress =>
            {
                if (progress.Epoch == 4)
                {
                    cancellation.Cancel();
                }
            },
            cancellation.Token));
        Assert.Single(Directory.GetFiles(_folder["cache", "tuned"], "*.checkpoint"));

        using var resumed = Quick.Fit(backbone, _images, _cache, null, progress => epochs.Add(progress.Epoch));
        using var other = EmbeddingCache.Open(_folder["other"]);
        using var whole = Quick.Fit(backbone, _images, other);

        Assert.Equal(4, epochs[0]);
        Assert.Equal(whole.Backbone.Sha256, resumed.Backbone.Sha256);
        Assert.Equal(resumed.Report.Checkpoint, Assert.Single(Directory.GetFiles(_folder["cache", "tuned"], "*.checkpoint")));
    }

    [Fact]
    public void A_training_that_is_done_gives_its_result_again_until_its_checkpoint_is_deleted()
    {
        using var backbone = _staged.Load();
        using var first = Quick.Fit(backbone, _images, _cache);
        using var again = Quick.Fit(backbone, _images, _cache, null, _ => Assert.Fail("a step was run"));
        using var named = (Quick with { Training = Quick.Training with { Checkpoint = _folder["named"] } }).Fit(backbone, _images, _cache);

        Assert.Equal(first.Backbone.Sha256, again.Backbone.Sha256);
        Assert.True(File.Exists(again.Report.Checkpoint));
        Assert.True(again.Report.Fit.Seconds >= again.Report.Epochs.Sum(epoch => epoch.Seconds), "the seconds of all runs count");
        Assert.Null(named.Report.Checkpoint);
    }

    [Fact]
    public void The_weights_before_a_training_diverged_are_its_result()
    {
        using var backbone = _staged.Load();
        var training = Quick.Training with { Epochs = 40, LearningRate = 4, Optimizer = new Sgd(), Schedule = LearningRateSchedule.Constant with { WarmUp = 39 } };
        var prices = Prices(_images);

        using var tuned = (Quick with { Training = training, Output = _folder["mine.onnx"] }).Fit(backbone, prices, _cache);

        Assert.InRange(tuned.Report.Epochs.Count, 1, 39);
        Assert.Contains("the training diverges at LearningRate = 4; expected a loss that falls", tuned.Report.Diverged, StringComparison.Ordinal);
        Assert.EndsWith($"the weights of epoch {tuned.Report.Best + 1} are kept", tuned.Report.Diverged, StringComparison.Ordinal);
        Assert.Contains(tuned.Report.Diverged, tuned.Report.Fit.Notes);
        using var written = Backbone.Load(_folder["mine.onnx"], settings: new() { Threads = 1 });
        var seen = prices with { Items = [.. prices.Items.Where(item => item.Split != Split.Test)] };
        var marked = Holdout.Mark(written.Embed(seen, _cache), 0.2, 0)!;
        var (train, validation) = (marked.Of(Split.Train), marked.Of(Split.Validation));
        double mean = train.Targets.Average(), variance = train.Targets.Average(target => (target - mean) * (target - mean));
        var answers = tuned.Head.Predict(validation.Rows);
        double loss = Enumerable.Range(0, validation.Count).Average(i => Math.Pow(answers[i][0] - validation.Targets[i], 2)) / variance;
        Assert.InRange(loss / tuned.Report.Epochs[tuned.Report.Best].Validation, 0.999, 1.001);
    }

    [Fact]
    public void The_backbone_is_checked_without_running_it()
    {
        using var backbone = _staged.Load();

        Quick.Check(backbone);

        Assert.Equal(
            "backbone 'staged': 'layer9' cannot be unfrozen: there is no such stage; expected last, all, or one of 'one', 'two', 'three', 'averages'",
            Assert.Throws<TrainingException>(() => (Quick with { Unfreeze = "layer9" }).Check(backbone)).Message);
        Assert.Empty(_cache.Spaces());
    }

    [Theory]
    [InlineData("last", "epochs take turns with the images as they are and 2 augmented views of them")]
    [InlineData("all", "images are augmented anew in every epoch")]
    public void Augmented_views_are_learned_from(string unfreeze, string said)
    {
        using var backbone = _staged.Load();
        var views = AugmentedView.Several(Augmentation.Parse("flip"), 2);

        using var plain = (Quick with { Unfreeze = unfreeze }).Fit(backbone, _images, _cache);
        using var tuned = (Quick with { Unfreeze = unfreeze, Views = views }).Fit(backbone, _images, _cache);

        Assert.Equal(plain.Report.HeadFirst, tuned.Report.HeadFirst);
        Assert.NotEqual(plain.Backbone.Sha256, tuned.Backbone.Sha256);
        Assert.Contains(said, string.Join('\n', tuned.Report.Fit.Notes), StringComparison.Ordinal);
        Assert.Equal("flip:0.5", tuned.Report.Fit.Settings["augment"]);
    }

    [Fact]
    public void Labels_and_several_numbers_are_learned_too()
    {
        using var backbone = _staged.Load();
        var labels = _images with { IsMultiLabel = true, Items = [.. _images.Items.Select((item, i) => item with { Label = -1, LabelSet = i % 5 == 0 ? [0, 1] : [item.Label] })] };
        var numbers = _images with { Classes = [], IsRegression = true, TargetNames = ["x", "y"], Items = [.. _images.Items.Select(item => item with { Label = -1, Targets = [item.Label, -3 * item.Label] })] };

        using var several = Quick.Fit(backbone, labels, _cache);
        using var two = Quick.Fit(backbone, numbers, _cache);

        Assert.Equal(HeadTask.Labels, several.Head.Task);
        Assert.True(several.Report.FineTuned < several.Report.HeadFirst);
        Assert.Equal(["x", "y"], two.Head.ValueNames);
        Assert.True(two.Report.FineTuned < two.Report.HeadFirst);
    }

    // The mean of all is 500 away from each.
    private static Dataset Prices(Dataset images)
    {
        var random = new Random(3);
        return images with { Classes = [], IsRegression = true, Items = [.. images.Items.Select(item => item with { Target = 5000 + (1000 * item.Label) + random.Next(100), Label = -1 })] };
    }

    // Stripes across or along: their averages are the same, so that a frozen random network tells little of them.
    private string Striped(int each)
    {
        for (int i = 0; i < 2 * each; i++)
        {
            byte[] bitmap = SmallImages.Bitmap(5000 + i);
            for (int at = 54; at < bitmap.Length; at++)
            {
                int row = (at - 54) / 24, column = (at - 54) % 24 / 3;
                bitmap[at] = (byte)((bitmap[at] / 2) + ((i % 2 == 0 ? row : column) + (i / 2) % 2) % 2 * 120);
            }

            File.WriteAllBytes(_folder["striped", i % 2 == 0 ? "across" : "along", $"{i:0000}.bmp"], bitmap);
        }

        return _folder["striped"];
    }
}
