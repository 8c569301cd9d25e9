using OnnxTransfer.Tests;
using OnnxTransfer.Tests.Embeddings;

namespace OnnxTransfer.Cli.Tests;

/// <summary><c>models quantize</c>: exit code 0 and two files for what passes, 1 and nothing for what does not.</summary>
public sealed class ModelsQuantizeTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_passes_is_written_and_can_be_used()
    {
        var (images, output) = (SmallImages.WriteLearnable(_folder, 40), _folder["r14-int8.onnx"]);

        var run = await Quantize(images, output, "--min-cosine", "0.99", "--json");
        var check = await CommandRun.Of("embed", images, "--backbone", output, "--cache", _folder["cache"], "--json");

        Assert.Equal((0, 0), (run.ExitCode, check.ExitCode));
        Assert.True((bool)run.Json["accepted"]!);
        Assert.Equal(("resnet14-cifar10", "r14-int8", output, 56, 24), (
            (string)run.Json["backbone"]!, (string)run.Json["name"]!, (string)run.Json["file"]!, (int)run.Json["calibrationImages"]!, (int)run.Json["heldOutImages"]!));
        Assert.InRange((double)run.Json["cosineFirstPercentile"]!, 0.98, (double)run.Json["cosineMedian"]!);
        Assert.Equal(24, (int)run.Json["probe"]!["testImages"]!);
        Assert.True((double)run.Json["imagesPerSecond"]! > 0 && (double)run.Json["int8ImagesPerSecond"]! > 0);
        Assert.Equal("kept", (string)run.Json["layersInFp32"]!.AsArray().Single()!["why"]!);
        Assert.True(File.Exists(_folder["r14-int8.json"]));
        Assert.Contains("on cpu in int8", check.Error, StringComparison.Ordinal);
        Assert.Equal(80, (int)check.Json["embedded"]!); // as another backbone's
    }

    [Fact]
    public async Task What_does_not_pass_is_told_and_not_written()
    {
        var run = await Quantize(SmallImages.WriteLearnable(_folder, 40), _folder["x.onnx"], "--min-cosine", "1", "--probe-images", "0", "--keep", "none");

        Assert.Equal(1, run.ExitCode);
        Assert.Matches(@"cosine to fp32 on 24 held-out images: mean [01]\.\d{5} \(least allowed 1\), median [01]\.\d{5}, 1st percentile [01]\.\d{5}", run.Out);
        Assert.Contains("no linear probe: none was asked for; the cosine alone decides", run.Out, StringComparison.Ordinal);
        Assert.Matches(@"speed in batches of 8: fp32 \d+\.\d images/s, int8 \d+\.\d, \d+\.\d\dx", run.Out);
        Assert.Contains("file: 1.6 MB -> 0.4 MB\nin int8: 15 of 15 layers\nin fp32, too: GlobalAveragePool x 1, Flatten x 1\n", run.Out, StringComparison.Ordinal);
        Assert.Matches(@"not passed: mean cosine 0\.9\d+ is below 1\n", run.Error);
        Assert.Contains("x.onnx: not written, since the gate was not passed; try --keep first,auto, another --method or more --images, or write it all the same with --force", run.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path, "x.*"));
    }

    [Theory]
    [InlineData("--method magic: expected min-max, percentile or entropy", "--method", "magic")]
    [InlineData("--images 3: expected 16 or more", "--images", "3")]
    [InlineData("--percentile 40: expected above 50, up to 100", "--percentile", "40")]
    [InlineData("--min-cosine 2: expected a cosine, up to 1", "--min-cosine", "2")]
    [InlineData("--keep none,first: expected none, or layers", "--keep", "none,first")]
    public async Task Bad_usage_is_told_before_any_work(string message, string option, string value)
    {
        var run = await Quantize(_folder.Path, _folder["x.onnx"], option, value);

        Assert.Equal((2, true), (run.ExitCode, run.Error.Contains($"error: {message}", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Output_and_calibration_are_asked_for()
    {
        var nothing = await CommandRun.Of("models", "quantize", "resnet14-cifar10");
        var name = await Quantize(_folder.Path, _folder["x.model"]);

        Assert.Equal((2, 2), (nothing.ExitCode, name.ExitCode));
        Assert.Contains("'--calibrate' is required", nothing.Error, StringComparison.Ordinal);
        Assert.Contains("'--output' is required", nothing.Error, StringComparison.Ordinal);
        Assert.Contains("x.model: expected a name that ends in .onnx; the description gets the same with .json", name.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_tells_of_it()
    {
        var (all, one) = (await CommandRun.Of("models", "--help"), await CommandRun.Of("models", "quantize", "--help"));

        Assert.Contains("quantize <backbone>", all.Out, StringComparison.Ordinal);
        Assert.All(
            new[] { "--calibrate", "--output", "--images", "--method", "--percentile", "--held-out", "--held-out-images", "--probe-images", "--min-cosine", "--max-loss", "--keep", "--reduce-range", "--force", "--name", "--cache", "--threads", "--seed", "--json" },
            option => Assert.Contains(option, one.Out, StringComparison.Ordinal));
    }

    private Task<CommandRun> Quantize(string images, string output, params string[] options) => CommandRun.Of(
        ["models", "quantize", "resnet14-cifar10", "--calibrate", images, "--output", output, "--cache", _folder["cache"], "--threads", "1", .. options]);
}
