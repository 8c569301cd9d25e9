using System.Diagnostics;
using System.Globalization;
using OnnxTransfer.Tests;
using OnnxTransfer.Tests.Embeddings;

namespace OnnxTransfer.Docs.Tests;

/// <summary>The programs in samples/ run as a user would run them, on small images.</summary>
public sealed class SamplesTests
{
    public static TheoryData<string> All => [.. Directory.GetDirectories(Path.Combine(Repository.Root, "samples")).Select(folder => Path.GetFileName(folder)!)];

    [Theory]
    [MemberData(nameof(All))]
    public void They_stay_under_40_lines(string sample) =>
        Assert.InRange(File.ReadAllLines(Path.Combine(Repository.Root, "samples", sample, "Program.cs")).Length, 5, 39);

    [Fact]
    public void Offline_embedding()
    {
        using var folder = new TempFolder();
        var images = SmallImages.Write(folder, 20);
        var first = Run("OfflineEmbedding", images, folder["out.npy"]);
        var second = Run("OfflineEmbedding", images, folder["out.npy"]);

        Assert.Contains("20 embeddings of 1248 values", first, StringComparison.Ordinal);
        Assert.Contains("20 embedded on cpu, 0 from the cache", first, StringComparison.Ordinal);
        Assert.Contains("0 embedded on cpu, 20 from the cache", second, StringComparison.Ordinal);
        Assert.Equal(21, File.ReadAllLines(folder["out.csv"]).Length);
    }

    [Fact]
    public void Image_regression()
    {
        using var folder = new TempFolder();
        SmallImages.WriteLearnable(folder, 40, "images");
        var rows = Directory.GetFiles(folder["images"], "*.bmp", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select((file, i) => string.Create(CultureInfo.InvariantCulture, $"{file},{(file.Contains("light", StringComparison.Ordinal) ? 200 : 100) + (i % 5)}"));
        File.WriteAllLines(folder["houses.csv"], ["path,target", .. rows]);
        var said = Run("ImageRegression", folder["houses.csv"], folder["price.onnx"]);

        Assert.Contains("R2 0.99", said, StringComparison.Ordinal);
        Assert.Matches(@"predicted (9|10|19|20)\d", said);
        Assert.True(File.Exists(folder["price.onnx"]));
    }

    private static string Run(string sample, params string[] arguments)
    {
        var configuration = AppContext.BaseDirectory.Contains($"{Path.DirectorySeparatorChar}Release{Path.DirectorySeparatorChar}", StringComparison.Ordinal) ? "Release" : "Debug";
        var program = Path.Combine(Repository.Root, "samples", sample, "bin", configuration, "net10.0", $"{sample}.dll");
        var start = new ProcessStartInfo("dotnet", [program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{sample} ended with {process.ExitCode}: {error.Result}");
        return output;
    }
}
