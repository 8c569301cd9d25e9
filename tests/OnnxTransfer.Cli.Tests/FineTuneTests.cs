using OnnxTransfer.Tests;
using OnnxTransfer.Tests.Embeddings;

namespace OnnxTransfer.Cli.Tests;

/// <summary><c>train --unfreeze</c>: what it does, what it says, what it refuses.</summary>
public sealed class FineTuneTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_file_answers_as_the_table_says()
    {
        var data = TrainedData.Write(_folder);
        string[] train = ["train", data, "--cache", _folder["cache"], "--unfreeze", "last", "--epochs", "2", "--step-batch", "4", "--l2", "0.01", "--tuned-backbone"];

        var run = await CommandRun.Of([.. train, _folder["mine.onnx"], "-o", _folder["m.onnx"], "--json"]);
        var again = await CommandRun.Of([.. train, _folder["again.onnx"]]);
        var replacing = await CommandRun.Of([.. train, _folder["mine.onnx"]]);

        Assert.True(run.ExitCode == 0, run.Error);
        var tuning = run.Json["fineTuning"]!;
        Assert.Equal(("layer3", "layer2", 2), ((string?)tuning["part"], (string?)tuning["frozenTensor"], tuning["epochs"]!.AsArray().Count));
        Assert.Equal(("mine", "fine-tuned"), ((string?)run.Json["backbone"], (string?)run.Json["head"]));
        Assert.Equal(("resnet14-cifar10", "logistic"), ((string?)run.Json["comparedWith"]!["backbone"], (string?)run.Json["comparedWith"]!["head"]));
        Assert.Contains("fine-tuning resnet14-cifar10 from last on, at most 2 epochs", run.Error, StringComparison.Ordinal);
        Assert.Contains("on top of layer2: validation loss ", again.Out, StringComparison.Ordinal);
        Assert.Contains($"new backbone: {_folder["again.onnx"]}", again.Out, StringComparison.Ordinal);
        Assert.Matches(@"│ epochs *│ [12] *│ *│", again.Out);
        Assert.Matches(@"│ L2 *│ *│ 0\.01 *│", again.Out);

        var card = OnnxTransfer.Prediction.ImageModel.Load(_folder["m.onnx"]).Card;
        Assert.Equal(("fine-tuned", "layer3", "layer2"), (card.Head["kind"], card.Head["trained"], card.Head["frozenUntil"]));
        Assert.Contains("Fine-tuned by OnnxTransfer: what follows 'layer2' of resnet14-cifar10", card.Backbone.Source, StringComparison.Ordinal);

        var check = await CommandRun.Of("models", "check", _folder["mine.onnx"], "--json");
        Assert.True(check.ExitCode == 0, check.Error);
        await TrainedData.SameScores(run, _folder["m.onnx"], data);
        Assert.Equal(1, replacing.ExitCode);
        Assert.Contains($"error: {_folder["mine.onnx"]}: is there already", replacing.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder["cache", "tuned"], "*.checkpoint"));
    }

    [Fact]
    public async Task A_training_that_diverges_leaves_its_best_weights()
    {
        var data = TrainedData.Write(_folder);

        var run = await CommandRun.Of(
            "train", data, "--cache", _folder["cache"], "--unfreeze", "last", "--step-batch", "4", "--l2", "0.01", "-o", _folder["m.onnx"], "--json",
            "--epochs", "40", "--optimizer", "sgd", "--schedule", "constant", "--warm-up", "39", "--learning-rate", "1000");

        int best = (int)run.Json["fineTuning"]!["bestEpoch"]!;
        Assert.Equal(1, run.ExitCode);
        Assert.InRange(run.Json["fineTuning"]!["epochs"]!.AsArray().Count, 1, 39);
        Assert.Contains($": the training diverges at LearningRate = 1e+03; expected a loss that falls", run.Error, StringComparison.Ordinal);
        Assert.Contains($"error: the training diverged, as a note above says; what was made of it has the weights of epoch {best}", run.Error, StringComparison.Ordinal);
        await TrainedData.SameScores(run, _folder["m.onnx"], data);
        Assert.Empty(Directory.GetFiles(_folder["cache", "tuned"], "*.checkpoint"));
    }

    [Theory]
    [InlineData("--unfreeze", "last")]
    [InlineData("--from-scratch", "--scratch-size", "8x8")]
    public async Task A_training_is_not_lost_with_what_comes_after_it(params string[] way)
    {
        var data = TrainedData.Write(_folder);
        string bad = _folder["data", "test", "dark", "bad.bmp"], list = _folder["cache", "failures.csv"];
        File.WriteAllText(bad, "no image");
        string[] train = ["train", data, "--cache", _folder["cache"], "--epochs", "2", "--step-batch", "4", "--max-failures", "0", .. way];

        var failed = await CommandRun.Of(train);
        string[] kept = Directory.GetFiles(_folder["cache", "tuned"], "*.checkpoint");
        Assert.Contains("1 checkpoints, ", (await CommandRun.Of("cache", "info", _folder["cache"])).Out, StringComparison.Ordinal);
        await CommandRun.Of("cache", "prune", _folder["cache"]);
        File.Delete(bad);
        var run = await CommandRun.Of(train);

        Assert.Equal((3, 0), (failed.ExitCode, run.ExitCode));
        Assert.Single(kept);
        Assert.Contains("note: went on after epoch 2, from ", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("checkpoints", (await CommandRun.Of("cache", "info", _folder["cache"])).Out, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder["cache", "tuned"], "*.checkpoint"));
    }

    [Theory]
    [InlineData("--unfreeze", "last")]
    [InlineData("--from-scratch", "--scratch-size", "8x8")]
    public async Task Failed_images_are_listed(params string[] way)
    {
        var data = TrainedData.Write(_folder);
        File.WriteAllText(_folder["data", "train", "dark", "bad.bmp"], "no image");
        string[] train = ["train", data, "--cache", _folder["cache"], "--epochs", "1", "--step-batch", "4", "--l2", "0.01", "--failures"];
        train = way[0] == "--unfreeze" ? train : [.. train[..^3], train[^1]];

        var refused = await CommandRun.Of([.. train, _folder["refused.csv"], "--max-failures", "0", .. way]);
        var run = await CommandRun.Of([.. train, _folder["allowed.csv"], "--max-failures", "1", .. way]);

        Assert.Equal((3, 0), (refused.ExitCode, run.ExitCode));
        Assert.Contains("bad.bmp", File.ReadAllText(_folder["refused.csv"]), StringComparison.Ordinal);
        Assert.Contains("bad.bmp", File.ReadAllText(_folder["allowed.csv"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_nothing_is_held_out_the_loss_in_training_is_told()
    {
        SmallImages.WriteLearnable(_folder, 1, Path.Combine("few", "train"));
        SmallImages.WriteLearnable(_folder, 1, Path.Combine("few", "test"));

        var run = await CommandRun.Of(
            "train", _folder["few"], "--cache", _folder["cache"], "--unfreeze", "last", "--epochs", "1", "--l2", "0.01", "--tuned-backbone", _folder["mine.onnx"]);

        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Matches(@"trained layer3, \d+ weights, on top of layer2: loss [\d.e-]+ after epoch 1 of 1\n", run.Out);
        Assert.DoesNotContain("NaN", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Views_are_learned_from()
    {
        var data = SmallImages.WriteLearnable(_folder, 6);

        var run = await CommandRun.Of(
            "train", data, "--cache", _folder["cache"], "--unfreeze-after", "layer2", "--epochs", "3", "--views", "2", "--augment", "flip", "--l2", "0.01", "--json");

        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Contains("epochs take turns with the images as they are and 2 augmented views of them", run.Error, StringComparison.Ordinal);
        Assert.Equal("behind-layer2", (string?)run.Json["fineTuning"]!["part"]);
    }

    [Fact]
    public async Task Mixup_changes_what_is_learned()
    {
        var data = SmallImages.WriteLearnable(_folder, 6);
        string[] train = ["train", data, "--cache", _folder["cache"], "--unfreeze", "last", "--epochs", "2", "--l2", "0.01", "--json", "--mixup"];

        var plain = await CommandRun.Of([.. train, "0"]);
        var mixed = await CommandRun.Of([.. train, "0.3"]);

        Assert.True(mixed.ExitCode == 0, mixed.Error);
        Assert.NotEqual(plain.Json["fineTuning"]!["epochs"]!.ToJsonString(), mixed.Json["fineTuning"]!["epochs"]!.ToJsonString());
    }

    [Theory]
    [InlineData("--epochs: says how a network is trained; say --unfreeze", "--epochs", "3")]
    [InlineData("--tuned-backbone: is for fine-tuning; say --unfreeze too, or leave it out", "--tuned-backbone", "x.onnx")]
    [InlineData("--unfreeze and --unfreeze-after both say where training begins; give one of them", "--unfreeze", "last", "--unfreeze-after", "layer2")]
    [InlineData("--folds: does not go together with --unfreeze: would fine-tune once a fold", "--unfreeze", "last", "--folds", "3")]
    [InlineData("--compare: does not go together with --unfreeze", "--unfreeze", "last", "--compare", "pixels-28x28-grey")]
    [InlineData("--head svm: --unfreeze trains the head that begins as logistic", "--unfreeze", "last", "--head", "svm")]
    [InlineData("--micro-batch 9: more rows than the 8 of a step", "--unfreeze", "last", "--micro-batch", "9", "--step-batch", "8")]
    [InlineData("--patience 5: training ends after 5 epochs before it could run out", "--unfreeze", "last", "--patience", "5", "--epochs", "5")]
    [InlineData("--warm-up 5: training ends after 5 epochs, before the learning rate has risen", "--unfreeze", "last", "--warm-up", "5", "--epochs", "5")]
    [InlineData("--learning-rate 0: expected a number above 0", "--unfreeze", "last", "--learning-rate", "0")]
    [InlineData("--label-smoothing 1: expected 0 to below 1", "--unfreeze", "last", "--label-smoothing", "1")]
    [InlineData("--epochs 0: expected 1 or more", "--unfreeze", "last", "--epochs", "0")]
    [InlineData("--rate-ratio 0.5: expected 1 or more", "--unfreeze", "last", "--rate-ratio", "0.5")]
    [InlineData("--mixup -1: expected 0 or more", "--unfreeze", "last", "--mixup", "-1")]
    [InlineData("--mixup: mixes what the frozen part gives, and --unfreeze all freezes nothing", "--unfreeze", "all", "--mixup", "0.2")]
    [InlineData("--mixup: is for fine-tuning; say --unfreeze too, or leave it out", "--mixup", "0.2")]
    [InlineData("--tuned-backbone x: expected the name of a file that ends in .onnx", "--unfreeze", "last", "--tuned-backbone", "x")]
    [InlineData("--label-smoothing 2: expected 0 to below 1", "--unfreeze", "last", "--label-smoothing", "2")]
    [InlineData("Argument 'lbfgs' not recognized", "--unfreeze", "last", "--optimizer", "lbfgs")]
    public async Task Bad_usage_exits_with_2(string said, params string[] options)
    {
        var run = await CommandRun.Of(["train", SmallImages.WriteLearnable(_folder, 3), "--cache", _folder["cache"], .. options]);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(said, run.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(_folder["cache"], "spaces")));
    }
}
