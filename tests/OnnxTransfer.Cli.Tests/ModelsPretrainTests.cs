using OnnxTransfer.Tests;
using OnnxTransfer.Tests.Embeddings;

namespace OnnxTransfer.Cli.Tests;

/// <summary><c>models pretrain</c>: a backbone from images without labels.</summary>
public sealed class ModelsPretrainTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_folder_without_labels_becomes_a_backbone_that_is_used()
    {
        string images = SmallImages.Write(_folder, 24), mine = _folder["mine.onnx"];
        var made = await CommandRun.Of("models", "pretrain", images, "-o", mine, "--autoencoder", "conv", "--width", "5", "--size", "8", "--layers", "6,8", "--epochs", "3", "--step-batch", "8", "--threads", "1", "--json");
        var check = await CommandRun.Of("models", "check", mine);
        var embed = await CommandRun.Of("embed", images, "--backbone", mine, "--cache", _folder["cache"], "--json");
        var twice = await CommandRun.Of("models", "pretrain", images, "-o", mine, "--autoencoder", "dense", "--backbone", "resnet14-cifar10", "--cache", _folder["none"]);
        var behind = await CommandRun.Of("models", "pretrain", images, "-o", _folder["behind.onnx"], "--autoencoder", "dense", "--layers", "none", "--width", "3", "--backbone", mine, "--tap", "block2", "--cache", _folder["cache"], "--epochs", "2");

        Assert.Equal((0, 0, 0, 0), (made.ExitCode, check.ExitCode, embed.ExitCode, behind.ExitCode));
        Assert.Equal((1, $"error: {mine}: is there already; expected none: overwrite it (--overwrite), or write elsewhere (--output)"), (twice.ExitCode, twice.Error.Trim()));
        Assert.False(Directory.Exists(_folder["none"]));
        Assert.Equal((22, 2, 3), ((int)made.Json["trainImages"]!, (int)made.Json["validationImages"]!, made.Json["epochs"]!.AsArray().Count));
        Assert.Equal("code", (string?)made.Json["embedding"]);
        Assert.Equal($"onnxtransfer train PHOTOS --backbone {mine} -o model.onnx", (string?)made.Json["next"]);
        Assert.True((double)made.Json["loss"]! > 0 && (double)made.Json["meanLoss"]! > 0);
        Assert.Equal(5, (int)embed.Json["width"]!);
        Assert.Contains("% of what differs comes back", behind.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--size 0: expected a number of pixels such as 32, or height x width such as 32x48", "--autoencoder", "conv", "--size", "0")]
    [InlineData("--layers none: expected numbers above 0, separated by commas, such as 32,64", "--autoencoder", "conv", "--layers", "none")]
    [InlineData("--tap: says where --backbone is tapped; name one, or leave it out", "--autoencoder", "dense", "--tap", "layer1")]
    [InlineData("--size: images are brought to the size of --backbone; leave it out", "--autoencoder", "dense", "--backbone", "resnet14-cifar10", "--size", "8")]
    [InlineData("--autoencoder conv: embeddings have no rows and columns; expected --autoencoder dense with --backbone, or no --backbone", "--autoencoder", "conv", "--backbone", "resnet14-cifar10")]
    [InlineData("--width 0: expected 1 or more", "--autoencoder", "conv", "--width", "0")]
    public async Task Options_that_make_no_sense_are_refused(string message, params string[] options)
    {
        var run = await CommandRun.Of(["models", "pretrain", _folder.Path, "-o", _folder["mine.onnx"], .. options]);

        Assert.Equal((ExitCode.BadUsage, $"error: {message}"), (run.ExitCode, run.Error.Trim()));
    }
}
