using System.Text.Json;

namespace OnnxTransfer.Tests.Numerics;

/// <summary>Reference values written by a make_golden.py, found by walking up from where the tests run.</summary>
internal static class GoldenFile
{
    public static JsonElement Read(string room, string name)
    {
        string place = Path.Combine("tests", "OnnxTransfer.Tests", room, "golden", name);
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string path = Path.Combine(folder.FullName, place);
            if (File.Exists(path))
            {
                using var document = JsonDocument.Parse(File.ReadAllBytes(path));
                return document.RootElement.Clone();
            }
        }

        throw new FileNotFoundException($"no {place} above {AppContext.BaseDirectory}");
    }

    public static double[] Doubles(this JsonElement element, string name) =>
        [.. element.GetProperty(name).EnumerateArray().Select(value => value.GetDouble())];

    public static float[] Floats(this JsonElement element, string name) =>
        [.. element.GetProperty(name).EnumerateArray().Select(value => value.GetSingle())];

    public static int[] Integers(this JsonElement element, string name) =>
        [.. element.GetProperty(name).EnumerateArray().Select(value => value.GetInt32())];

    public static double Double(this JsonElement element, string name) => element.GetProperty(name).GetDouble();
}
