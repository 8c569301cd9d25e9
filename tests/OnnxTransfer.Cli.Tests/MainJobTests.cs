using OnnxTransfer.Tests;
using OnnxTransfer.Tests.Embeddings;

namespace OnnxTransfer.Cli.Tests;

/// <summary>The main job from the command line, on the backbone the project carries.</summary>
public sealed class MainJobTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Train_evaluate_and_predict_agree()
    {
        var images = SmallImages.WriteLearnable(_folder, 30);
        var model = _folder["out", "model.onnx"];

        var trained = await CommandRun.Of("train", images, "--cache", _folder["cache"], "-o", model, "--json", "--seed", "3");
        var evaluated = await CommandRun.Of("evaluate", model, images, "--json");
        var predicted = await CommandRun.Of("predict", model, Path.Combine(images, "light"), "--json");

        Assert.Equal((0, 0, 0), (trained.ExitCode, evaluated.ExitCode, predicted.ExitCode));
        var json = trained.Json;
        Assert.Equal(("cpu", 60, 60, 0, 0), ((string?)json["provider"], (int)json["items"]!, (int)json["embedded"]!, (int)json["fromCache"]!, (int)json["failed"]!));
        Assert.Equal((48, 12), ((int)json["train"]!, (int)json["test"]!));
        Assert.Equal(1.0, (double)json["accuracy"]!);
        foreach (var name in new[] { "imagesPerSecond", "secondsEmbedding", "secondsFitting", "accuracyLow", "accuracyHigh", "top5", "macroF1", "logLoss" })
        {
            Assert.NotNull(json[name]);
            Assert.NotNull(evaluated.Json[name]);
        }

        Assert.Equal((60, 1.0), ((int)evaluated.Json["items"]!, (double)evaluated.Json["accuracy"]!));
        var first = predicted.Json[0]!;
        Assert.Equal((30, "light"), (predicted.Json.AsArray().Count, (string?)first["label"]));
        Assert.Equal(1.0, first["probabilities"]!.AsObject().Sum(pair => (double)pair.Value!), 5);
        Assert.EndsWith("0001.bmp", (string)first["file"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_run_embeds_nothing_and_says_so()
    {
        var images = SmallImages.WriteLearnable(_folder, 10);
        await CommandRun.Of("embed", images, "--cache", _folder["cache"]);

        var again = await CommandRun.Of("embed", images, "--cache", _folder["cache"], "--json");

        Assert.Equal((0, 20), ((int)again.Json["embedded"]!, (int)again.Json["fromCache"]!));
        Assert.Contains("embedded nothing: all 20 embeddings came from the cache", again.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Embeddings_are_written_for_other_programs()
    {
        var images = SmallImages.WriteLearnable(_folder, 3);

        var run = await CommandRun.Of("embed", images, "--cache", _folder["cache"], "--tap", "avgpool", "--out", _folder["e.npy"], "--json");

        Assert.Equal((6, 96), ((int)run.Json["items"]!, (int)run.Json["width"]!));
        Assert.Equal(128 + (6 * 96 * 4), new FileInfo(_folder["e.npy"]).Length);
        Assert.Equal(7, File.ReadAllLines(_folder["e.csv"]).Length);
    }

    [Fact]
    public async Task A_regression_over_averaged_photos_and_numbers_is_exported_and_predicts()
    {
        SmallImages.WriteLearnable(_folder, 20, "photos");
        var lines = Enumerable.Range(0, 20).SelectMany(i => new[]
        {
            $"photos/dark/{2 * i:0000}.bmp,h{i},{100 + i},{i}", $"photos/light/{(2 * i) + 1:0000}.bmp,h{i},{100 + i},{i}",
        });
        File.WriteAllLines(_folder["m.csv"], lines.Prepend("path,house,price,beds"));
        var model = _folder["price.onnx"];

        var run = await CommandRun.Of(
            "train", _folder["m.csv"], "--target", "price", "--average-by", "house", "--numbers", "beds", "--log-target", "--folds", "4", "--repeats", "2",
            "--cache", _folder["cache"], "-o", model, "--json");
        var predicted = await CommandRun.Of("predict", model, _folder["m.csv"], "--average-by", "house", "--json");
        var evaluated = await CommandRun.Of(
            "evaluate", model, _folder["m.csv"], "--target", "price", "--average-by", "house", "--json");
        var wrongNumbers = await CommandRun.Of(
            "evaluate", model, _folder["m.csv"], "--target", "price", "--average-by", "house", "--numbers", "house");
        var notAveraged = await CommandRun.Of("evaluate", model, _folder["m.csv"], "--target", "price");

        Assert.Equal(0, run.ExitCode);
        Assert.Equal((20, 40, 8), ((int)run.Json["items"]!, (int)run.Json["images"]!, (int)run.Json["folds"]!["count"]!));
        Assert.NotNull(run.Json["folds"]!["medianRelativeError"]);
        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"h{i}"), predicted.Json.AsArray().Select(row => (string)row!["file"]!));
        Assert.Contains($"error: --numbers house: {model} takes beds, in this order; leave the option out", wrongNumbers.Error, StringComparison.Ordinal);
        Assert.Contains($"error: {model} averages the photos of an item: say with --average-by which column tells them", notAveraged.Error, StringComparison.Ordinal);
        Assert.All(predicted.Json.AsArray(), row => Assert.InRange((double)row!["value"]!, 80, 140));
        Assert.True((double)evaluated.Json["r2"]! > 0.9, evaluated.Out);
        foreach (var name in new[] { "rmse", "mae", "medianRelativeError" })
        {
            Assert.NotNull(evaluated.Json[name]);
        }
    }

    [Fact]
    public async Task Two_backbones_are_compared_on_the_same_split()
    {
        var images = SmallImages.WriteLearnable(_folder, 10);

        var run = await CommandRun.Of("train", images, "--cache", _folder["cache"], "--compare", "pixels-28x28-grey", "--json");

        Assert.Equal("pixels-28x28-grey", (string?)run.Json["comparedWith"]!["backbone"]);
        Assert.Equal((int)run.Json["test"]!, (int)run.Json["comparedWith"]!["test"]!);
    }

    [Fact]
    public async Task The_cache_verbs_tell_verify_and_prune()
    {
        var images = SmallImages.WriteLearnable(_folder, 5);
        await CommandRun.Of("embed", images, "--cache", _folder["cache"], "--tap", "layer1,avgpool");

        var info = await CommandRun.Of("cache", "info", _folder["cache"], "--json");
        var sound = await CommandRun.Of("cache", "verify", _folder["cache"]);
        var values = Directory.GetFiles(_folder["cache"], "*.values.npy", SearchOption.AllDirectories)[0];
        File.WriteAllBytes(values, File.ReadAllBytes(values)[..^1]);
        var broken = await CommandRun.Of("cache", "verify", _folder["cache"], "--json");
        var pruned = await CommandRun.Of("cache", "prune", _folder["cache"], "--damaged", "--json");

        Assert.Equal((20, 2), ((int)info.Json["embeddings"]!, info.Json["spaces"]!.AsArray().Count));
        Assert.True((long)info.Json["bytes"]! > 10 * (384 + 96) * 4);
        Assert.Equal((0, 1), (sound.ExitCode, broken.ExitCode));
        Assert.Single(broken.Json["faults"]!.AsArray());
        Assert.Equal(1, (int)pruned.Json["damagedParts"]!);
        Assert.Equal(0, (await CommandRun.Of("cache", "verify", _folder["cache"])).ExitCode);
    }

    [Fact]
    public async Task Models_are_listed_and_inspected()
    {
        var list = await CommandRun.Of("models", "list", "--json");
        var inspect = await CommandRun.Of("models", "inspect", "resnet14-cifar10", "--json");

        Assert.Contains(list.Json.AsArray(), row => (string?)row!["name"] == "resnet14-cifar10" && (string?)row["state"] == "verified");
        Assert.Equal(["layer1", "layer2", "layer3", "avgpool"], inspect.Json["taps"]!.AsArray().Select(tap => (string?)tap!["name"]));
        Assert.True((int)inspect.Json["operators"]!["Conv"]! > 10);
    }
}
