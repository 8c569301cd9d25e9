using OnnxTransfer.Onnx;
using OnnxTransfer.Tests;
using OnnxTransfer.Tests.Embeddings;

namespace OnnxTransfer.Cli.Tests;

/// <summary><c>models import</c> and <c>models inspect</c> of a bare file.</summary>
public sealed class ModelsImportTests : IDisposable
{
    private static readonly string[] Normalisation = ["--mean", "0.4934,0.4831,0.447", "--std", "0.246,0.2441,0.2616"];

    private readonly TempFolder _folder = new();

    private string Net
    {
        get
        {
            if (!File.Exists(_folder["net.onnx"]))
            {
                // The embedded one would be known by its hash.
                var known = OnnxModel.Load(Path.Combine(AppContext.BaseDirectory, "models", "resnet14-cifar10.onnx"));
                ModelMetadata.Merge(known, new Dictionary<string, string> { ["note"] = "another file" }).Save(_folder["net.onnx"]);
            }

            return _folder["net.onnx"];
        }
    }

    [Fact]
    public async Task A_bare_network_is_inspected_imported_and_used()
    {
        var bare = await CommandRun.Of("models", "inspect", Net, "--batch", "2", "--json");
        var import = await CommandRun.Of(["models", "import", Net, .. Normalisation, "--json"]);
        var described = await CommandRun.Of("models", "inspect", Net, "--json");
        var images = SmallImages.WriteLearnable(_folder, 4);
        var embed = await CommandRun.Of("embed", images, "--backbone", Net, "--cache", _folder["cache"], "--json");

        Assert.Equal((0, 0, 0, 0), (bare.ExitCode, import.ExitCode, described.ExitCode, embed.ExitCode));
        Assert.Equal("not described", (string?)bare.Json["state"]);
        Assert.Equal("dynamic", (string?)bare.Json["batch"]);
        Assert.Equal(2, (int)bare.Json["activationBatch"]!);
        Assert.True((long)bare.Json["activationBytes"]! > 0);
        Assert.Equal("NCHW 32x32 RGB float input", $"{bare.Json["input"]!["layout"]} {bare.Json["input"]!["height"]}x{bare.Json["input"]!["width"]} {bare.Json["input"]!["channels"]} {bare.Json["input"]!["type"]} {bare.Json["input"]!["tensor"]}");
        Assert.Equal(["layer1:24", "layer2:48", "layer3:96", "avgpool:96", "logits:10"], bare.Json["taps"]!.AsArray().Select(tap => $"{tap!["name"]}:{tap["width"]}"));
        Assert.Equal(391834, (long)bare.Json["parameters"]!);
        Assert.Equal(59646912, (long)bare.Json["macs"]!);
        Assert.Empty(bare.Json["warnings"]!.AsArray()); // its batch norms are folded, its batch is free
        Assert.Equal("verified", (string?)described.Json["state"]);
        Assert.Equal("avgpool", (string?)import.Json["embedding"]);
        Assert.Equal(_folder["net.json"], (string?)import.Json["description"]);
        Assert.Equal($"onnxtransfer train PHOTOS --backbone {Net} -o model.onnx", (string?)import.Json["next"]);
        Assert.Equal(96, (int)embed.Json["width"]!);
    }

    [Fact]
    public async Task A_network_that_is_known_keeps_its_source_and_licence()
    {
        File.Copy(Path.Combine(AppContext.BaseDirectory, "models", "resnet14-cifar10.onnx"), _folder["known.onnx"]);
        var import = await CommandRun.Of(["models", "import", _folder["known.onnx"], .. Normalisation]);
        var described = await CommandRun.Of("models", "inspect", _folder["known.onnx"], "--json");

        Assert.Equal(0, import.ExitCode);
        Assert.StartsWith("It is 'resnet14-cifar10', which ", import.Out, StringComparison.Ordinal);
        Assert.StartsWith("MIT (weights trained by the recipe", (string?)described.Json["licence"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_found_and_assumed_is_printed()
    {
        var import = await CommandRun.Of(["models", "import", Net, .. Normalisation]);

        Assert.Equal(0, import.ExitCode);
        Assert.Contains("The image goes into 'input', float, NCHW, 32 x 32 pixels (height x width).\nIt takes any number of images per run.\n", import.Out, StringComparison.Ordinal);
        Assert.Contains("assumed: Channels in the order RGB; --channels BGR says otherwise.\nassumed: Images are stretched to 32 x 32; --resize shorter:N cuts out the centre instead.\n", import.Out, StringComparison.Ordinal);
        Assert.EndsWith($"description: {_folder["net.json"]}\nnext: onnxtransfer train PHOTOS --backbone {Net} -o model.onnx\n", import.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Missing_normalisation_is_asked_for_with_whole_commands()
    {
        var import = await CommandRun.Of("models", "import", Net, "--name", "my net");

        Assert.Equal(2, import.ExitCode);
        Assert.Equal(
            $"""
            error: {Net}: does not tell everything; missing: --mean and --std. Give what the network was trained with, such as
              ImageNet as PyTorch, torchvision, timm and MXNet have it:
                onnxtransfer models import {Net} --name 'my net' --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225
              -1 to 1, as TensorFlow and Keras have it:
                onnxtransfer models import {Net} --name 'my net' --mean 0.5,0.5,0.5 --std 0.5,0.5,0.5
              BGR, 0 to 255 less the mean, as Caffe has it:
                onnxtransfer models import {Net} --name 'my net' --channels BGR --mean 0.407604,0.457957,0.48502 --std 0.00392157,0.00392157,0.00392157

            """, import.Error);
        Assert.False(File.Exists(_folder["net.json"]));
    }

    [Theory]
    [InlineData("--mean", "123.675,116.28,103.53", "--mean 123.675,116.28,103.53: is of pixels from 0 to 255; expected of x / 255: --mean 0.485,0.456,0.406")]
    [InlineData("--std", "0.5,0.5", "--std 0.5,0.5: expected three numbers, one per channel, such as 0.5,0.5,0.5")]
    [InlineData("--resize", "256", "--resize 256: expected exact or shorter:N, such as shorter:256")]
    [InlineData("--size", "large", "--size large: expected a number of pixels such as 224, or height x width such as 224x160")]
    public async Task Answers_that_cannot_be(string option, string value, string message)
    {
        var import = await CommandRun.Of("models", "import", Net, option, value);

        Assert.Equal((2, $"error: {message}\n"), (import.ExitCode, import.Error));
    }

    [Fact]
    public async Task A_folder_that_cannot_be_written_to_wants_another_place()
    {
        var elsewhere = _folder["described", "net.json"];
        var import = await CommandRun.Of(["models", "import", Net, .. Normalisation, "--output", elsewhere]);
        var again = await CommandRun.Of(["models", "import", Net, .. Normalisation, "--output", elsewhere]);

        Assert.Equal(0, import.ExitCode);
        Assert.Contains($"next: ONNXTRANSFER_MODELS={Path.GetDirectoryName(Net)} onnxtransfer train PHOTOS --backbone {elsewhere} -o model.onnx", import.Out, StringComparison.Ordinal);
        Assert.Equal((1, $"error: {elsewhere}: is there already; expected none: overwrite it (--overwrite), or write elsewhere (--output)\n"), (again.ExitCode, again.Error));
    }

    public void Dispose() => _folder.Dispose();
}
