using System.Diagnostics;

namespace OnnxTransfer.Tests.Backbones;

/// <summary>A Python with PyTorch: that of ONNXTRANSFER_PYTHON, of PYTHON, or the system's; tests skip without one.</summary>
internal static class TorchPython
{
    private static readonly Lazy<(string? Path, string Reason)> Found = new(Find);

    /// <summary>Its path; skips the test, saying why, where there is none.</summary>
    public static string Require()
    {
        Skip.If(Found.Value.Path is null, Found.Value.Reason);
        return Found.Value.Path!;
    }

    /// <summary>Runs it to its end and returns what it wrote; a failure is the test's.</summary>
    public static string Run(params string[] arguments)
    {
        var (code, output) = Start(Require(), arguments);
        return code == 0 ? output : throw new InvalidOperationException($"python {string.Join(' ', arguments)}: exit code {code}\n{output}");
    }

    private static (string?, string) Find()
    {
        var python = new[] { "ONNXTRANSFER_PYTHON", "PYTHON" }.Select(Environment.GetEnvironmentVariable).FirstOrDefault(p => !string.IsNullOrEmpty(p))
            ?? "/usr/bin/python3";
        try
        {
            var (code, output) = Start(python, ["-c", "import torch, torchvision, onnx, PIL"]);
            return code == 0 ? (python, "") : (null, $"{python} has no PyTorch with torchvision and onnx: {output.Trim().Split('\n')[^1]}");
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return (null, $"no Python with PyTorch: {python}: {e.Message} (ONNXTRANSFER_PYTHON names one)");
        }
    }

    private static (int Code, string Output) Start(string python, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(python, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        process.WaitForExit();
        return (process.ExitCode, output.Result + error.Result);
    }
}
