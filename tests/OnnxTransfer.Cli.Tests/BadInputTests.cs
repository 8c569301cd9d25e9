using OnnxTransfer.Tests;
using OnnxTransfer.Tests.Embeddings;

namespace OnnxTransfer.Cli.Tests;

/// <summary>What a user can get wrong: the message names the file, what was found, what was expected, the cure.</summary>
public sealed class BadInputTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task An_empty_folder() => await Fails(
        ["embed", _folder["nothing", "."], "--cache", _folder["cache"]], 1,
        $"error: {_folder["nothing", "."]}: no images found (it is empty); expected files such as .jpg or .png in class sub-folders");

    [Fact]
    public async Task One_class()
    {
        File.WriteAllBytes(_folder["d", "cats", "1.bmp"], SmallImages.Bitmap(1));

        await Fails(
            ["train", _folder["d"], "--test", "0.5", "--folds", "2", "--cache", _folder["cache"]], 1,
            $"error: {_folder["d"]}: only one class, 'cats'; a classifier needs two or more: add images of something else");
    }

    [Fact]
    public async Task A_class_with_one_image()
    {
        var images = SmallImages.WriteLearnable(_folder, 5);
        File.WriteAllBytes(_folder["learnable", "lonely", "x.bmp"], SmallImages.Bitmap(9));

        await Fails(
            ["train", images, "--cache", _folder["cache"]], 1,
            $"error: {images}: class 'lonely' has only one image ({_folder["learnable", "lonely", "x.bmp"]}); a test split needs two or more of every class: add images, take the class out, or give own splits");
    }

    [Fact]
    public async Task Unlabelled_images_cannot_be_trained_on()
    {
        File.WriteAllBytes(_folder["d", "1.bmp"], SmallImages.Bitmap(1));
        File.WriteAllBytes(_folder["d", "2.bmp"], SmallImages.Bitmap(2));

        await Fails(
            ["train", _folder["d"], "--cache", _folder["cache"]], 1,
            $"error: {_folder["d"]}: nothing is labelled; expected a sub-folder for each class, or a manifest with a column named label or target (or name yours with --label or --target)");
    }

    [Fact]
    public async Task Bad_images_are_listed_by_name_and_reason_and_the_rest_is_kept()
    {
        var images = SmallImages.WriteLearnable(_folder, 30);
        File.WriteAllText(_folder["learnable", "dark", "text.jpg"], "this is text");
        File.WriteAllBytes(_folder["learnable", "dark", "empty.jpg"], []);
        File.CreateSymbolicLink(_folder["learnable", "light", "gone, \"away\".jpg"], _folder["nowhere.jpg"]);

        var run = await CommandRun.Of("embed", images, "--cache", _folder["cache"], "--json");

        Assert.Equal(0, run.ExitCode);
        Assert.Equal((60, 3, 60), ((int)run.Json["embedded"]!, (int)run.Json["failed"]!, (int)run.Json["items"]!));
        var lines = File.ReadAllLines(_folder["cache", "failures.csv"]);
        Assert.Equal(4, lines.Length);
        Assert.Equal("file,reason", lines[0]);
        Assert.Contains("empty.jpg: the file is empty", lines[1], StringComparison.Ordinal);
        Assert.Contains("text.jpg: found ", lines[2], StringComparison.Ordinal);
        Assert.StartsWith($"\"{_folder["learnable", "light", "gone, \"\"away\"\".jpg"]}\",", lines[3], StringComparison.Ordinal);
        Assert.Contains("cannot be read", lines[3], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2", 3)]
    [InlineData("1%", 3)]
    [InlineData("3", 0)]
    [InlineData("50%", 0)]
    public async Task Max_failures_decides_whether_the_run_fails(string allowed, int code)
    {
        var images = SmallImages.WriteLearnable(_folder, 10);
        for (var i = 0; i < 3; i++)
        {
            File.WriteAllText(_folder["learnable", "dark", $"bad{i}.jpg"], $"text {i}");
        }

        var run = await CommandRun.Of("embed", images, "--cache", _folder["cache"], "--max-failures", allowed);

        Assert.Equal(code, run.ExitCode);
        Assert.True(File.Exists(_folder["cache", "failures.csv"]));
    }

    [Fact]
    public async Task A_cache_that_cannot_be_made()
    {
        var images = SmallImages.WriteLearnable(_folder, 2);
        _folder.With("file");

        await Fails(["embed", images, "--cache", _folder["file"] + "/cache"], 1, $"error: {_folder["file"]}/cache: cannot be used as a cache (");
    }

    [Fact]
    public async Task A_model_that_is_not_onnx()
    {
        File.WriteAllText(_folder["b", "resnet14-cifar10.onnx"], "this is not ONNX");
        File.Copy(Path.Combine(AppContext.BaseDirectory, "models", "resnet14-cifar10.json"), _folder["b", "resnet14-cifar10.json"]);
        var images = SmallImages.WriteLearnable(_folder, 2);

        var mismatch = await CommandRun.Of("embed", images, "--backbone", _folder["b", "resnet14-cifar10.onnx"], "--cache", _folder["cache"]);
        var predict = await CommandRun.Of("predict", _folder["b", "resnet14-cifar10.onnx"], images);

        Assert.Equal((1, 1), (mismatch.ExitCode, predict.ExitCode));
        Assert.Contains("resnet14-cifar10.onnx: has SHA-256 ", mismatch.Error, StringComparison.Ordinal);
        Assert.Contains("eb12cee3312f4c003cd45177dcfcfa9942e2021457eaadd4a4c3e40baad74836", mismatch.Error, StringComparison.Ordinal);
        Assert.Contains($"{_folder["b", "resnet14-cifar10.onnx"]}: ", predict.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("not foreseen", mismatch.Error + predict.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_backbone_is_no_fused_model()
    {
        var model = Path.Combine(AppContext.BaseDirectory, "models", "resnet14-cifar10.onnx");

        await Fails(
            ["predict", model, model], 1,
            $"error: {model}: an ONNX file, but no fused model: it has no metadata 'onnxtransfer'; expected a file written by train -o");
    }

    [Fact]
    public async Task A_tap_that_does_not_exist()
    {
        var images = SmallImages.WriteLearnable(_folder, 2);

        var run = await CommandRun.Of("embed", images, "--tap", "layer9", "--cache", _folder["cache"]);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("layer9", run.Error, StringComparison.Ordinal);
        Assert.All(new[] { "layer1", "layer2", "layer3", "avgpool" }, tap => Assert.Contains(tap, run.Error, StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_unknown_backbone()
    {
        var images = SmallImages.WriteLearnable(_folder, 2);

        var run = await CommandRun.Of("embed", images, "--backbone", "resnet15", "--cache", _folder["cache"]);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("backbone 'resnet15': not in ", run.Error, StringComparison.Ordinal);
        Assert.Contains("resnet14-cifar10", run.Error, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Cuda_asked_for_and_missing_is_an_error()
    {
        Skip.If(Inference.ProviderCheck.Of(Inference.ExecutionProvider.Cuda).Works, "CUDA works here");
        var images = SmallImages.WriteLearnable(_folder, 2);

        var run = await CommandRun.Of("embed", images, "--provider", "cuda", "--cache", _folder["cache"]);

        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("error: provider cuda: ", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("'--max-failures' or 'x%'", "--max-failures", "x%")]
    [InlineData("expected 0 or more", "--batch", "-1")]
    [InlineData("ends in .npy", "--out", "e.txt")]
    [InlineData("--out nowhere/e.npy: no such folder ", "--out", "nowhere/e.npy")]
    [InlineData("--pooling mean: expected average, max, both, none or gridN with N from 1 to 64, such as grid4", "--pooling", "mean")]
    [InlineData("--provider", "--provider", "tpu")]
    [InlineData("Unrecognized command or argument '--bogus'", "--bogus", "1")]
    public async Task Bad_usage_exits_with_2(string said, string option, string value)
    {
        var images = SmallImages.WriteLearnable(_folder, 2);

        var run = await CommandRun.Of("embed", images, "--cache", _folder["cache"], option, value);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(said.StartsWith('\'') ? "--max-failures x%: expected a count such as 20 or a percentage such as 5%" : said, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_head_that_does_not_fit_the_data()
    {
        var images = SmallImages.WriteLearnable(_folder, 2);

        await Fails(
            ["train", images, "--head", "ridge", "--test", "0.5", "--cache", _folder["cache"]], 2,
            $"error: --head ridge does not fit: {images} has classes; use centroid, lda, logistic, knn, svm, mlp");
    }

    [Fact]
    public async Task Classes_the_model_does_not_know()
    {
        var images = SmallImages.WriteLearnable(_folder, 8);
        var model = _folder["m.onnx"];
        await CommandRun.Of("train", images, "--cache", _folder["cache"], "-o", model);
        File.WriteAllBytes(_folder["other", "green", "1.bmp"], SmallImages.Bitmap(3));

        await Fails(
            ["evaluate", model, _folder["other"]], 1,
            $"error: {_folder["other"]}: class 'green' is unknown to {model}; it knows dark, light");
    }

    [Fact]
    public async Task Predict_names_what_fails_and_goes_on()
    {
        var images = SmallImages.WriteLearnable(_folder, 8);
        var model = _folder["m.onnx"];
        await CommandRun.Of("train", images, "--cache", _folder["cache"], "-o", model);
        File.WriteAllText(_folder["learnable", "dark", "0000a.jpg"], "text");

        var run = await CommandRun.Of("predict", model, Path.Combine(images, "dark"), "--json");

        Assert.Equal(1, run.ExitCode);
        Assert.Equal(9, run.Json.AsArray().Count);
        Assert.Single(run.Json.AsArray(), row => row!["error"] is not null);
    }

    [Fact]
    public async Task A_missing_file_among_images_to_predict_fails_alone()
    {
        var images = SmallImages.WriteLearnable(_folder, 8);
        var model = _folder["m.onnx"];
        await CommandRun.Of("train", images, "--cache", _folder["cache"], "-o", model);

        var run = await CommandRun.Of("predict", model, _folder["gone.jpg"], _folder["learnable", "light", "0001.bmp"], "--json");

        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith($"{_folder["gone.jpg"]}: cannot be read", (string)run.Json[0]!["error"]!, StringComparison.Ordinal);
        Assert.Equal("light", (string?)run.Json[1]!["label"]);
    }

    [Fact]
    public async Task An_output_that_cannot_be_written_is_told_and_the_scores_are_not_lost()
    {
        var images = SmallImages.WriteLearnable(_folder, 8);

        var folder = await CommandRun.Of("train", images, "--cache", _folder["cache"], "-o", images);
        var run = await CommandRun.Of("train", images, "--cache", _folder["cache"], "-o", "/proc/model.onnx", "--json");

        Assert.Equal((2, 1), (folder.ExitCode, run.ExitCode));
        Assert.Contains($"error: --output {images}: a folder; expected the name of a file", folder.Error, StringComparison.Ordinal);
        Assert.Contains("error: /proc/model.onnx: cannot be written (", run.Error, StringComparison.Ordinal);
        Assert.NotNull(run.Json["accuracy"]);
        Assert.Null(run.Json["model"]);
    }

    [Fact]
    public async Task A_fused_model_is_no_backbone()
    {
        var images = SmallImages.WriteLearnable(_folder, 8);
        var model = _folder["m.onnx"];
        await CommandRun.Of("train", images, "--cache", _folder["cache"], "-o", model);

        await Fails(
            ["embed", images, "--backbone", model, "--cache", _folder["cache"]], 1,
            $"error: {model}: a fused model, from pixels to answer; expected a backbone: use predict or evaluate with it");
    }

    [Fact]
    public async Task Measuring_on_what_was_fitted_on_is_warned_of()
    {
        var images = SmallImages.WriteLearnable(_folder, 10);
        var model = _folder["m.onnx"];
        await CommandRun.Of("train", images, "--cache", _folder["cache"], "-o", model);

        var run = await CommandRun.Of("evaluate", model, images);

        Assert.Contains($"warning: {images} is what the head was fitted on, 16 of its 20 items", run.Error, StringComparison.Ordinal);
    }

    private static async Task Fails(string[] arguments, int code, string message)
    {
        var run = await CommandRun.Of(arguments);

        Assert.Contains(message, run.Error, StringComparison.Ordinal);
        Assert.Equal(code, run.ExitCode);
    }
}
