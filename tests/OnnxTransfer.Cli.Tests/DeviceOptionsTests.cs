using OnnxTransfer.Tests;
using OnnxTransfer.Tests.Embeddings;

namespace OnnxTransfer.Cli.Tests;

/// <summary>GPUs and how they run, as the command line says it; what needs none of them.</summary>
public sealed class DeviceOptionsTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("--device 0,x: expected numbers of GPUs, each once and separated by commas, such as 0,1", "--device", "0,x")]
    [InlineData("--device 1,1: expected numbers of GPUs, each once and separated by commas, such as 0,1", "--device", "1,1")]
    [InlineData("--gpu-memory -1: expected GB, such as 8 or 0.5, or 0 for all", "--gpu-memory", "-1")]
    [InlineData("--provider-option colour: expected name=value, each name once", "--provider-option", "colour")]
    [InlineData("--conv-search", "--conv-search", "best")]
    [InlineData("--engine-cache: says nothing to --provider auto; leave one of them out", "--engine-cache", "e")]
    public async Task Bad_usage_exits_with_2(string said, string option, string value)
    {
        var run = await Embed(option, value);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(said, run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cpu", "--device", "0")]
    [InlineData("cpu", "--provider-option", "fuse_conv_bias=1")]
    [InlineData("cpu", "--tf32", "true")]
    [InlineData("tensorrt", "--conv-search", "heuristic")]
    [InlineData("cuda", "--engine-cache", "e")]
    public async Task Options_of_another_provider_are_not_ignored(string provider, string option, string value)
    {
        var run = await Embed("--provider", provider, option, value);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains($"{option}: says nothing to --provider {provider}; leave one of them out", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--threads: says nothing to a GPU", "--provider", "cuda", "--threads", "4")]
    [InlineData("--jpeg gpu: decodes on GPU 0", "--jpeg", "gpu", "--device", "1")]
    [InlineData("--jpeg gpu: decodes on GPU 0", "--jpeg", "gpu", "--cuda-graph", "true")]
    public async Task Options_that_contradict_each_other_are_refused(string said, params string[] options)
    {
        var run = await Embed(options);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(said, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Options_that_have_their_own_name_are_sent_there()
    {
        var run = await Embed("--provider-option", "use_tf32=1");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("the option 'use_tf32' is not set by its name: set AllowTf32 (--tf32)", run.Error, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task What_a_gpu_was_to_do_is_said_where_there_is_none()
    {
        Skip.If(Inference.ProviderCheck.Of(Inference.ExecutionProvider.Cuda).Works, "CUDA works here");

        var run = await Embed("--device", "0,1", "--provider-option", "fuse_conv_bias=1", "--gpu-memory", "0.5");

        Assert.Equal(0, run.ExitCode);
        Assert.Contains("not used: memory limit, fuse_conv_bias", run.Error, StringComparison.Ordinal);
        Assert.Contains("note: GPUs 0, 1 were asked for and none is in use", run.Error, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task TensorRT_asked_for_and_missing_is_an_error_and_writes_nothing()
    {
        Skip.If(Inference.ProviderCheck.Of(Inference.ExecutionProvider.TensorRT).Works, "TensorRT works here");

        var run = await Embed("--provider", "tensorrt", "--engine-cache", _folder["engines"]);

        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("error: provider tensorrt: ", run.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["engines"]));
    }

    private Task<CommandRun> Embed(params string[] options) =>
        CommandRun.Of(["embed", SmallImages.WriteLearnable(_folder, 2), "--cache", _folder["cache"], .. options]);
}
