using System.Diagnostics;
using OnnxTransfer.Tests;
using OnnxTransfer.Tests.Backbones;

namespace OnnxTransfer.Cli.Tests;

/// <summary><c>models export</c>: finds a Python, explains what it lacks, passes on what the recipe says, stops when told.</summary>
public sealed class ModelsExportTests : IDisposable
{
    private const string Complete = "python 3.11.2\ntorch 1.13.0a0\ntorchvision 0.14.1a0\nonnx 1.12.0\npillow 9.4.0\n";

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [SkippableFact]
    public async Task A_network_is_exported_checked_and_ready_to_use()
    {
        var python = TorchPython.Require();

        var run = await CommandRun.Of("models", "export", "resnet18", "--weights", "none", "--seed", "3", "--input", "64", "--output", _folder["out", "small.onnx"], "--python", python, "--json");
        var check = await CommandRun.Of("models", "check", _folder["out", "small.onnx"]);

        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Contains("wrote ", run.Error, StringComparison.Ordinal);
        Assert.Equal((_folder["out", "small.onnx"], 512), ((string)run.Json["file"]!, (int)run.Json["width"]!));
        Assert.True((bool)run.Json["check"]!["passed"]!);
        Assert.Equal(["stem", "layer1", "layer2", "layer3", "layer4", "avgpool"], run.Json["check"]!["taps"]!.AsArray().Select(tap => (string)tap!["name"]!));
        Assert.Equal(["reference.png", "small.json", "small.onnx"], Directory.GetFiles(_folder["out"]).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(0, check.ExitCode);
    }

    [SkippableTheory]
    [InlineData("resnet18", "V2", 1, "torchvision has no V2 weights for resnet18, only V1; use --weights V1")]
    [InlineData("resnet18", "gone.pth", 1, "gone.pth cannot be read (No such file or directory); expected V1, V2, none or a file of weights")]
    public async Task What_the_recipe_refuses_is_passed_on(string name, string weights, int code, string message)
    {
        var python = TorchPython.Require();

        var run = await CommandRun.Of("models", "export", name, "--weights", weights, "--output", _folder["x.onnx"], "--python", python);

        Assert.Equal(code, run.ExitCode);
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Theory]
    [InlineData("resnet51", "x.onnx", "224", "no network 'resnet51' to export; there are resnet101, resnet152, resnet18, ")]
    [InlineData("resnet18", "x", "224", "x: expected a name that ends in .onnx; the description gets the same with .json")]
    [InlineData("resnet18", "x.onnx", "31", "--input 31: expected at least 32; smaller images do not reach the last stage")]
    public async Task What_cannot_be_exported_is_refused_before_any_Python(string name, string output, string side, string message)
    {
        var run = await CommandRun.Of("models", "export", name, "--output", _folder[output], "--input", side, "--python", _folder["nowhere"]);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("nowhere", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("python 3.8.1\ntorch 1.13.0a0\ntorchvision 0.14.1\nonnx 1.12.0\npillow 9.4.0", "(Python 3.8.1): is older than 3.9")]
    [InlineData("python 3.11.2\ntorch \ntorchvision \nonnx 1.12.0\npillow 9.4.0", "(Python 3.11.2): lacks torch, torchvision")]
    [InlineData("python 3.11.2\ntorch 1.9.0+cpu\ntorchvision 0.10.0\nonnx \npillow ?", "(Python 3.11.2): lacks onnx; has torch 1.9.0+cpu, older than 1.13; has torchvision 0.10.0, older than 0.14")]
    [InlineData("nothing of the sort", ": is no Python 3.9 or newer (exit code 0)")]
    public async Task What_Python_lacks_is_told_with_the_cure(string probe, string problem)
    {
        var python = Fake($"printf '{probe.Replace("\n", "\\n", StringComparison.Ordinal)}\\n'");

        var run = await CommandRun.Of("models", "export", "resnet18", "--python", python);

        Assert.Equal((1, ""), (run.ExitCode, run.Out));
        Assert.Equal(
            $"""
            error: models export needs Python 3.9 or newer with torch 1.13, torchvision 0.14 or newer, onnx and Pillow; found
              {python}{(problem[0] == ':' ? "" : " ")}{problem}
            install them, best in an environment of their own:
              python3 -m venv torch && torch/bin/pip install torch torchvision onnx pillow
            and give --python torch/bin/python; or, on Debian and Ubuntu, as root:
              apt install python3-torch python3-torchvision python3-onnx python3-pil
            and give --python /usr/bin/python3

            """,
            run.Error);
    }

    [Fact]
    public async Task A_Python_that_is_not_there_is_named()
    {
        var run = await CommandRun.Of("models", "export", "resnet18", "--python", _folder["nowhere"]);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains($"  {_folder["nowhere"]}: cannot be started (not there)", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Ctrl_C_ends_the_recipe_and_leaves_nothing_half_written()
    {
        var (output, alive) = (_folder["x.onnx"], _folder["alive"]);
        var python = Fake($"[ \"$1\" = -c ] && {{ printf '{Complete.Replace("\n", "\\n", StringComparison.Ordinal)}'; exit; }}; echo half > '{output}.new'; echo $$ > '{alive}'; sleep 100");
        using var process = CommandRun.Start("", new Dictionary<string, string>(), _folder.Path, "models", "export", "resnet18", "--output", output, "--python", python);
        while (!File.Exists(alive) || File.ReadAllText(alive).Length == 0)
        {
            Assert.False(process.HasExited);
            Thread.Sleep(20);
        }

        Process.Start("kill", ["-INT", $"{process.Id}"]).WaitForExit();
        var run = CommandRun.Finish(process);

        Assert.Equal(130, run.ExitCode);
        Assert.EndsWith("interrupted\n", run.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists($"/proc/{File.ReadAllText(alive).Trim()}"), "the recipe still runs");
        Assert.False(File.Exists(output + ".new"));
    }

    /// <summary>A shell script in Python's place.</summary>
    private string Fake(string script)
    {
        File.WriteAllText(_folder["python"], $"#!/bin/sh\n{script}\n");
        Process.Start("chmod", ["+x", _folder["python"]]).WaitForExit();
        return _folder["python"];
    }
}
