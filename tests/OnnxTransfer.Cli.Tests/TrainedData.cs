using System.Globalization;
using OnnxTransfer.Tests;
using OnnxTransfer.Tests.Embeddings;

namespace OnnxTransfer.Cli.Tests;

/// <summary>Images with a test split of their own, and whether a model file answers for it as its training said.</summary>
internal static class TrainedData
{
    /// <summary>16 images to train on, 8 others to measure on.</summary>
    public static string Write(TempFolder folder)
    {
        SmallImages.WriteLearnable(folder, 8, Path.Combine("data", "train"));
        var test = SmallImages.WriteLearnable(folder, 12, Path.Combine("data", "test"));
        foreach (var file in Directory.GetFiles(test, "*.bmp", SearchOption.AllDirectories))
        {
            if (int.Parse(Path.GetFileNameWithoutExtension(file), CultureInfo.InvariantCulture) < 16)
            {
                File.Delete(file);
            }
        }

        return folder["data"];
    }

    /// <summary>Measures the file on the test split.</summary>
    public static async Task SameScores(CommandRun train, string model, string data)
    {
        var measured = await CommandRun.Of("evaluate", model, data, "--json");

        Assert.True(measured.ExitCode == 0, measured.Error);
        Assert.Equal(8, (int)measured.Json["items"]!);
        foreach (var score in new[] { "accuracy", "macroF1", "logLoss", "expectedCalibrationError" })
        {
            Assert.Equal((double)train.Json[score]!, (double)measured.Json[score]!, 1e-4);
        }
    }
}
