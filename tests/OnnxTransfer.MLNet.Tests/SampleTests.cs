using System.Diagnostics;
using System.Runtime.CompilerServices;
using OnnxTransfer.Tests;
using OnnxTransfer.Tests.Embeddings;

namespace OnnxTransfer.MLNet.Tests;

/// <summary>samples/OnnxTransfer.MLNet.Sample run as a user would run it.</summary>
public class SampleTests
{
    private static readonly string Folder = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, "../../samples/OnnxTransfer.MLNet.Sample"));

    [Fact]
    public void It_learns_two_kinds_of_images()
    {
        using var folder = new TempFolder();
        string images = SmallImages.WriteLearnable(folder, 40);
        string said = Run(images, folder["model.zip"]);
        Assert.Contains("accuracy 1.000, log loss 0.0", said, StringComparison.Ordinal);
        Assert.EndsWith("0000.bmp: dark", said.Trim(), StringComparison.Ordinal);
        Assert.True(File.Exists(folder["model.zip"]));
    }

    [Fact]
    public void It_stays_under_40_lines() => Assert.InRange(File.ReadAllLines(Path.Combine(Folder, "Program.cs")).Length, 5, 39);

    private static string Run(params string[] arguments)
    {
        bool isRelease = AppContext.BaseDirectory.Contains($"{Path.DirectorySeparatorChar}Release{Path.DirectorySeparatorChar}", StringComparison.Ordinal);
        string program = Path.Combine(Folder, "bin", isRelease ? "Release" : "Debug", "net10.0", "OnnxTransfer.MLNet.Sample.dll");
        using var process = Process.Start(new ProcessStartInfo("dotnet", [program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"the sample ended with {process.ExitCode}: {error.Result}");
        return output;
    }

    private static string Here([CallerFilePath] string here = "") => here;
}
