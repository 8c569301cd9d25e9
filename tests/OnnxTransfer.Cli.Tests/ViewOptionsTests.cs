using OnnxTransfer.Tests;
using OnnxTransfer.Tests.Embeddings;

namespace OnnxTransfer.Cli.Tests;

/// <summary>--views, --augment and --test-views from the command line.</summary>
public sealed class ViewOptionsTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Views_are_cached_fitted_on_and_averaged_over_and_the_model_remembers_them()
    {
        var images = SmallImages.WriteLearnable(_folder, 12, Path.Combine("data", "train"));
        SmallImages.WriteLearnable(_folder, 4, Path.Combine("data", "test"));
        var (data, model) = (Path.GetDirectoryName(images)!, _folder["model.onnx"]);
        string[] train = ["train", data, "--cache", _folder["cache"], "--views", "2", "--test-views", "1", "--augment", "crop:0.6-1,flip", "--view-seed", "3", "--json", "-o", model];

        var first = await CommandRun.Of(train);
        var again = await CommandRun.Of(train);

        Assert.Equal((0, 0), (first.ExitCode, again.ExitCode));
        Assert.Equal([24, 24], first.Json["views"]!.AsArray().Select(view => (int)view!["items"]!));
        Assert.Equal([8], first.Json["testViews"]!.AsArray().Select(view => (int)view!["items"]!));
        Assert.All(again.Json["views"]!.AsArray().Concat(again.Json["testViews"]!.AsArray()), view => Assert.Equal(0, (int)view!["embedded"]!));
        Assert.Equal(72, (int)first.Json["train"]!);
        Assert.Equal(8, (int)first.Json["test"]!);
        Assert.Contains("view 2 of seed 3: crop:0.6-1,flip:0.5", first.Error, StringComparison.Ordinal);

        // As it was trained, unless something else is said: the scores of training come out again.
        var measured = await CommandRun.Of("evaluate", model, data, "--test-views", "1", "--json");
        Assert.Equal((0, 1, 8), (measured.ExitCode, (int)measured.Json["testViews"]!, (int)measured.Json["items"]!));
        Assert.Equal((double)first.Json["logLoss"]!, (double)measured.Json["logLoss"]!, 1e-4);
        var otherwise = await CommandRun.Of("evaluate", model, data, "--test-views", "1", "--augment", "rotate:180,color:0.9", "--json");
        Assert.NotEqual((double)first.Json["logLoss"]!, (double)otherwise.Json["logLoss"]!, 1e-4);

        var predicted = await CommandRun.Of("predict", model, Path.Combine(data, "test", "light"), "--test-views", "3", "--json");
        Assert.Equal((0, 4), (predicted.ExitCode, predicted.Json.AsArray().Count));
    }

    [Fact]
    public async Task Views_are_embedded_and_written()
    {
        var images = SmallImages.Write(_folder, 4);

        var run = await CommandRun.Of("embed", images, "--cache", _folder["cache"], "--views", "2", "--out", _folder["x.npy"], "--json");

        Assert.Equal(0, run.ExitCode);
        Assert.Equal([4, 4], run.Json["views"]!.AsArray().Select(view => (int)view!["embedded"]!));
        Assert.All(new[] { "x.npy", "x.view1.npy", "x.view2.npy", "x.view2.csv" }, file => Assert.True(File.Exists(_folder[file]), file));
        Assert.NotEqual(File.ReadAllBytes(_folder["x.npy"]), File.ReadAllBytes(_folder["x.view1.npy"]));
    }

    [Theory]
    [InlineData("--augment: says how images look in augmented views, and there are none; say --views or --test-views too, or leave it out", "--augment", "flip")]
    [InlineData("--view-seed: says how images look in augmented views", "--view-seed", "3")]
    [InlineData("--views -1: expected 0 or more", "--views", "-1")]
    [InlineData("--augment: augmentation 'spin': no operation 'spin'; expected a list of crop, ratio, grey, pad,", "--views", "1", "--augment", "spin")]
    [InlineData("--augment: augmentation 'crop:3': 'crop:3'; expected a share of the area above 0 up to 1", "--test-views", "1", "--augment", "crop:3")]
    [InlineData("--test-views: answers for test items are averaged, and there are none", "--test-views", "2", "--folds", "3")]
    public async Task What_does_not_go_together_is_refused_before_any_work(string message, params string[] options)
    {
        var run = await CommandRun.Of(["train", SmallImages.WriteLearnable(_folder, 5), "--cache", _folder["cache"], .. options]);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("embedded", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Other_verbs_name_their_own_option()
    {
        var images = SmallImages.Write(_folder, 2);

        var embed = await CommandRun.Of("embed", images, "--cache", _folder["cache"], "--augment", "flip");
        var predict = await CommandRun.Of("predict", _folder["none.onnx"], images, "--augment", "flip");

        Assert.Equal((2, 2), (embed.ExitCode, predict.ExitCode));
        Assert.Contains("say --views too", embed.Error, StringComparison.Ordinal);
        Assert.Contains("say --test-views too", predict.Error, StringComparison.Ordinal);
    }
}
