using System.Runtime.InteropServices;
using OnnxTransfer.Tests;
using OnnxTransfer.Tests.Embeddings;

namespace OnnxTransfer.Cli.Tests;

/// <summary>What embeddings are made of, chosen from the command line: taps, pooling, length.</summary>
public sealed class TapOptionsTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Taps_stand_side_by_side_in_the_order_asked_for()
    {
        var images = SmallImages.WriteLearnable(_folder, 3);

        var (run, both) = await Embed(images, "--tap", "avgpool,layer3:both");
        var (_, average) = await Embed(images, "--tap", "layer3:average");
        var (_, max) = await Embed(images, "--tap", "layer3", "--pooling", "max");
        var (_, avgpool) = await Embed(images, "--tap", "avgpool");

        Assert.Equal((96 + 192, 96), ((int)run.Json["width"]!, average[0].Length));
        Assert.Equal(["avgpool:none", "layer3:both"], run.Json["taps"]!.AsArray().Select(tap => (string?)tap!["name"]));
        for (var i = 0; i < 6; i++)
        {
            Assert.Equal([.. avgpool[i], .. average[i], .. max[i]], both[i], (a, b) => Math.Abs(a - b) < 1e-5);
        }
    }

    [Fact]
    public async Task A_tap_more_embeds_that_tap_only_and_says_so()
    {
        var images = SmallImages.WriteLearnable(_folder, 3);
        await Embed(images, "--tap", "layer3");

        var (run, _) = await Embed(images, "--tap", "layer2,layer3");

        Assert.Equal((6, 0), ((int)run.Json["embedded"]!, (int)run.Json["fromCache"]!));
        Assert.Equal([(6, 0), (0, 6)], run.Json["taps"]!.AsArray().Select(tap => ((int)tap!["embedded"]!, (int)tap["fromCache"]!)));
        Assert.Matches("embedded by tap: layer2:[a-z0-9]+ 6, from the cache 0, layer3:[a-z0-9]+ 0, from the cache 6", run.Error);
    }

    [Fact]
    public async Task Rows_are_divided_by_their_length_and_nothing_is_embedded_anew()
    {
        var images = SmallImages.WriteLearnable(_folder, 3);
        var (_, raw) = await Embed(images, "--tap", "layer2,avgpool");

        var (run, unit) = await Embed(images, "--tap", "layer2,avgpool", "--l2-normalize");

        Assert.Equal((0, 6), ((int)run.Json["embedded"]!, (int)run.Json["fromCache"]!));
        Assert.Contains(" of length 1, on cpu in fp32", run.Error, StringComparison.Ordinal);
        for (var i = 0; i < 6; i++)
        {
            Assert.Equal(1, Length(unit[i]), 5);
            Assert.NotEqual(1, Length(raw[i]), 1);
            Assert.Equal(raw[i].Select(v => v / (float)Length(raw[i])), unit[i], (a, b) => Math.Abs(a - b) < 1e-6);
        }
    }

    [Fact]
    public async Task A_model_trained_on_normalised_taps_predicts_as_it_was_measured()
    {
        var images = SmallImages.WriteLearnable(_folder, 20);
        var model = _folder["m.onnx"];

        var trained = await CommandRun.Of(
            "train", images, "--tap", "layer2,layer3", "--pooling", "both", "--l2-normalize", "--compare", "pixels-28x28-grey", "--cache", _folder["cache"], "-o", model, "--json");
        var evaluated = await CommandRun.Of("evaluate", model, images, "--json");

        Assert.Equal((0, 0), (trained.ExitCode, evaluated.ExitCode));
        Assert.Equal(1.0, (double)evaluated.Json["accuracy"]!);
        var card = OnnxTransfer.Export.ModelCard.Parse(OnnxTransfer.Onnx.OnnxModel.Load(model).Metadata["onnxtransfer"]);
        Assert.True(card.L2Normalize);
        Assert.Equal(["layer2:both", "layer3:both"], card.Backbone.Taps);
        Assert.Contains("backbone pixels-28x28-grey at ", trained.Error, StringComparison.Ordinal);
        Assert.Equal(2, trained.Error.Split('\n').Count(line => line.StartsWith("backbone ", StringComparison.Ordinal) && line.Contains(" of length 1, ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Half_precision_is_near_kept_apart_and_told_to_gain_nothing_on_a_cpu()
    {
        var images = SmallImages.WriteLearnable(_folder, 10);
        var (_, full) = await Embed(images, "--tap", "layer2,avgpool");

        var (run, half) = await Embed(images, "--tap", "layer2,avgpool", "--precision", "fp16");
        var trained = await CommandRun.Of("train", images, "--precision", "fp16", "--cache", _folder["cache"], "-o", _folder["m.onnx"], "--json");
        var evaluated = await CommandRun.Of("evaluate", _folder["m.onnx"], images, "--json");

        Assert.Equal((20, 0), ((int)run.Json["embedded"]!, (int)run.Json["fromCache"]!));
        Assert.Contains("on cpu in fp16", run.Error, StringComparison.Ordinal);
        Assert.Contains("note: fp16 gains no speed on a CPU", run.Error, StringComparison.Ordinal);
        for (var i = 0; i < 20; i++)
        {
            Assert.NotEqual(full[i], half[i]);
            Assert.True(full[i].Zip(half[i], (a, b) => (double)a * b).Sum() / (Length(full[i]) * Length(half[i])) > 0.9999);
        }

        Assert.Equal((0, 0, 1.0), (trained.ExitCode, evaluated.ExitCode, (double)evaluated.Json["accuracy"]!));
        var file = OnnxTransfer.Onnx.OnnxModel.Load(_folder["m.onnx"]);
        Assert.Equal("float probabilities[N,2]", Assert.Single(file.Outputs).ToString());
        Assert.Equal("fp16", OnnxTransfer.Export.ModelCard.Parse(file.Metadata["onnxtransfer"]).Backbone.Precision);
    }

    [Theory]
    [InlineData("avgpool", "avgpool:none")]
    [InlineData("layer3:average", "layer3:average")]
    public async Task A_pooling_that_no_tap_takes_is_refused(string tap, string label)
    {
        var images = SmallImages.WriteLearnable(_folder, 2);

        var run = await CommandRun.Of("embed", images, "--tap", tap, "--pooling", "max", "--cache", _folder["cache"]);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(
            $"error: --pooling max: {label} leave nothing to it, being vectors or naming their own pooling; leave the option out, or name other taps", run.Error, StringComparison.Ordinal);
    }

    private async Task<(CommandRun Run, float[][] Rows)> Embed(string images, params string[] options)
    {
        var run = await CommandRun.Of(["embed", images, "--cache", _folder["cache"], "--out", _folder["e.npy"], "--json", .. options]);
        Assert.True(run.ExitCode == 0, run.Error);
        var values = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(_folder["e.npy"]).AsSpan(128)).ToArray();
        return (run, [.. values.Chunk((int)run.Json["width"]!)]);
    }

    private static double Length(float[] row) => Math.Sqrt(row.Sum(v => (double)v * v));
}
