using OnnxTransfer.Imaging;
using OnnxTransfer.Prediction;
using OnnxTransfer.Tests;
using OnnxTransfer.Tests.Embeddings;

namespace OnnxTransfer.Cli.Tests;

/// <summary>--jpeg: what a run and a model decode JPEG with.</summary>
public sealed class JpegOptionTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [SkippableFact]
    public async Task A_model_remembers_how_it_was_trained()
    {
        Skip.IfNot(ImageDecoders.Default.Decodes(ImageFormat.Jpeg), "no libjpeg-turbo here");
        var images = SmallImages.WriteLearnable(_folder, 30);
        var model = _folder["model.onnx"];

        var trained = await CommandRun.Of("train", images, "--cache", _folder["cache"], "--jpeg", "scaled", "-o", model);
        Assert.Equal(0, trained.ExitCode);
        using (var loaded = ImageModel.Load(model))
        {
            Assert.Equal(JpegDecoding.Scaled, loaded.Card.Jpeg);
        }

        var exact = await CommandRun.Of("predict", model, Path.Combine(images, "light"), "--jpeg", "exact");
        var measured = await CommandRun.Of("evaluate", model, images, "--jpeg", "scaled");
        Assert.Equal((0, 0), (exact.ExitCode, measured.ExitCode));
    }

    [SkippableFact]
    public async Task The_GPU_without_nvJPEG_fails_before_any_image()
    {
        Skip.If(NvJpegDecoder.TryCreate(out _, out var missing), "nvJPEG is here");
        var run = await CommandRun.Of("embed", SmallImages.Write(_folder, 2), "--cache", _folder["cache"], "--jpeg", "gpu");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains($"error: decoding JPEG on the GPU needs nvJPEG: {missing}; or decode exactly, without the GPU", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("failed images", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_way_is_bad_usage()
    {
        var run = await CommandRun.Of("embed", SmallImages.Write(_folder, 2), "--cache", _folder["cache"], "--jpeg", "fast");

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("--jpeg", run.Error, StringComparison.Ordinal);
    }
}
