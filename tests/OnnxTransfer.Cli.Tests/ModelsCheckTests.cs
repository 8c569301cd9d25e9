using System.Text.Json.Nodes;
using OnnxTransfer.Tests;

namespace OnnxTransfer.Cli.Tests;

/// <summary><c>models check</c>: exit code 0 for a backbone that is right, and only for that.</summary>
public sealed class ModelsCheckTests : IDisposable
{
    private static readonly string Models = Path.Combine(AppContext.BaseDirectory, "models");

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_embedded_backbone_gives_its_golden_embedding()
    {
        var run = await CommandRun.Of("models", "check", "resnet14-cifar10");
        var json = await CommandRun.Of("models", "check", "resnet14-cifar10", "--json");

        Assert.Equal((0, 0), (run.ExitCode, json.ExitCode));
        Assert.Contains("resnet14-cifar10 on cpu (fp32): gives its golden embedding (allowed: a difference of 1e-4 of the tap's largest value, a cosine of 0.99999)", run.Out, StringComparison.Ordinal);
        Assert.Matches(@"layer1:grid4 +│ 384 +│ \d\.\de-\d +│ 1\.0000000 │ equal", run.Out);
        Assert.True((bool)json.Json["passed"]!);
        Assert.Equal(["layer1", "layer2", "avgpool"], json.Json["taps"]!.AsArray().Select(tap => (string)tap!["name"]!));
        Assert.All(json.Json["taps"]!.AsArray(), tap => Assert.True((bool)tap!["passed"]! && (double)tap["difference"]! < 1e-4 && (double)tap["cosine"]! > 0.99999));
    }

    [Fact]
    public async Task Half_precision_is_held_to_the_cosine()
    {
        var run = await CommandRun.Of("models", "check", "resnet14-cifar10", "--precision", "fp16");
        var json = await CommandRun.Of("models", "check", "resnet14-cifar10", "--precision", "fp16", "--json");

        Assert.Equal((0, 0), (run.ExitCode, json.ExitCode));
        Assert.Contains("resnet14-cifar10 on cpu (fp16): gives its golden embedding (allowed: a cosine of 0.999)", run.Out, StringComparison.Ordinal);
        Assert.Equal(("fp16", true, 0.999), ((string)json.Json["precision"]!, (bool)json.Json["passed"]!, (double)json.Json["leastCosine"]!));
        Assert.Null(json.Json["allowedDifference"]);
        Assert.All(json.Json["taps"]!.AsArray(), tap => Assert.InRange((double)tap!["difference"]!, 1e-5, 1e-2)); // really in half
    }

    [Fact]
    public async Task A_tap_that_differs_is_marked_and_fails()
    {
        foreach (var file in new[] { "resnet14-cifar10.onnx", "reference.png" })
        {
            File.Copy(Path.Combine(Models, file), _folder[file]);
        }

        var description = JsonNode.Parse(File.ReadAllText(Path.Combine(Models, "resnet14-cifar10.json")))!;
        var values = description["golden"]!["values"]!.AsArray();
        values[384 + 768 + 5] = (double)values[384 + 768 + 5]! + 0.01; // in avgpool, the last tap
        File.WriteAllText(_folder["resnet14-cifar10.json"], description.ToJsonString());

        var run = await CommandRun.Of("models", "check", _folder["resnet14-cifar10.onnx"]);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("resnet14-cifar10 on cpu (fp32): does NOT give its golden embedding", run.Out, StringComparison.Ordinal);
        Assert.Matches(@"layer2:grid4 .* equal", run.Out);
        Assert.Matches(@"avgpool:none .* DIFFERS", run.Out);
    }

    [Fact]
    public async Task A_backbone_without_golden_embedding_says_how_to_get_one()
    {
        var run = await CommandRun.Of("models", "check", "vgg16_bn");

        Assert.Equal((1, ""), (run.ExitCode, run.Out));
        Assert.Equal(
            $"error: {Path.Combine(Models, "vgg16_bn.json")}: has no golden embedding, so there is nothing to check 'vgg16_bn' against; expected the field 'golden' with image, taps "
            + "and values, as models/export.py writes it; this makes the backbone and its description: onnxtransfer models export vgg16_bn\n",
            run.Error);
    }
}
