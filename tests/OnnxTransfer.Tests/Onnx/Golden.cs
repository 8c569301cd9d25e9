using System.Runtime.CompilerServices;
using System.Text.Json;

namespace OnnxTransfer.Tests.Onnx;

/// <summary>What the scripts in golden/ computed with PyTorch.</summary>
internal static class Golden
{
    private static readonly Lazy<JsonElement> Root = new(() => Read("golden.json"));

    public static JsonElement Case(string name) => Root.Value.GetProperty(name);

    /// <summary>A case of another file, made by a script of its own.</summary>
    public static JsonElement Case(string name, string file) => Read(file).GetProperty(name);

    public static float[] Floats(this JsonElement parent, string name) => [.. parent.GetProperty(name).EnumerateArray().Select(v => v.GetSingle())];

    public static int[] Ints(this JsonElement parent, string name) => [.. parent.GetProperty(name).EnumerateArray().Select(v => v.GetInt32())];

    public static string PathOf(string file) => Path.Combine(Folder(), "golden", file);

    private static JsonElement Read(string file) => JsonDocument.Parse(File.ReadAllText(PathOf(file))).RootElement;

    private static string Folder([CallerFilePath] string here = "") => Path.GetDirectoryName(here)!;
}
