using System.Runtime.CompilerServices;
using System.Text.Json;

namespace OnnxTransfer.Tests.Onnx;

/// <summary>What golden/make_golden.py computed with PyTorch.</summary>
internal static class Golden
{
    private static readonly Lazy<JsonElement> Root = new(() =>
        JsonDocument.Parse(File.ReadAllText(PathOf("golden.json"))).RootElement);

    public static JsonElement Case(string name) => Root.Value.GetProperty(name);

    public static float[] Floats(this JsonElement parent, string name) => [.. parent.GetProperty(name).EnumerateArray().Select(v => v.GetSingle())];

    public static int[] Ints(this JsonElement parent, string name) => [.. parent.GetProperty(name).EnumerateArray().Select(v => v.GetInt32())];

    public static string PathOf(string file) => Path.Combine(Folder(), "golden", file);

    private static string Folder([CallerFilePath] string here = "") => Path.GetDirectoryName(here)!;
}
