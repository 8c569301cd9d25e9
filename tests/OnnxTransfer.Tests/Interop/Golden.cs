using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace OnnxTransfer.Tests.Interop;

/// <summary>What golden/make_golden.sh left beside these tests.</summary>
internal sealed record Golden(IReadOnlyList<string> Photos, IReadOnlyDictionary<string, string> Sha256)
{
    /// <summary>The photos in the order of all rows, and the SHA-256 of the .onnx file of every backbone.</summary>
    public static Golden Made => JsonSerializer.Deserialize<Golden>(File.ReadAllBytes(PathOf("made.json")), JsonSerializerOptions.Web)!;

    /// <summary>The rows of a NumPy array of float32, version 1.0, read without the library's own reader.</summary>
    public static float[][] Rows(string file, int width)
    {
        var bytes = File.ReadAllBytes(PathOf(file));
        var values = MemoryMarshal.Cast<byte, float>(bytes.AsSpan(10 + BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(8))));
        Assert.Equal(0, values.Length % width);
        return [.. values.ToArray().Chunk(width)];
    }

    private static string PathOf(string file, [CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "golden", file);
}
