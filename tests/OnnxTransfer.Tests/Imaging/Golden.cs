using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json;
using OnnxTransfer.Imaging;

namespace OnnxTransfer.Tests.Imaging;

/// <summary>What golden/make_golden.py wrote with Pillow and torchvision.</summary>
internal static class Golden
{
    public static string Folder => Path.Combine(Path.GetDirectoryName(Here())!, "golden");

    public static byte[] Image(string name) => File.ReadAllBytes(Path.Combine(Folder, "images", name));

    public static byte[] Raw(string name) => File.ReadAllBytes(Path.Combine(Folder, name));

    public static IReadOnlyList<T> Read<T>(string name) =>
        JsonSerializer.Deserialize<List<T>>(File.ReadAllBytes(Path.Combine(Folder, name)))!;

    public static string Sha256(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>The script's noise(): the high bytes of a linear congruential generator.</summary>
    public static RgbImage Noise(int width, int height, uint seed)
    {
        var image = new RgbImage(width, height);
        uint state = seed;
        foreach (ref byte value in image.Pixels)
        {
            state = (state * 1664525) + 1013904223;
            value = (byte)(state >> 24);
        }

        return image;
    }

    /// <summary>The preprocessings of the script, by their signature.</summary>
    public static PixelPreprocessing Preprocessing(string signature) => All.Single(known => known.Signature == signature);

    private static IReadOnlyList<PixelPreprocessing> All { get; } =
    [
        PixelPreprocessing.ShorterSide(18, 16),
        PixelPreprocessing.ShorterSide(41, 48, Interpolation.Bicubic),
        PixelPreprocessing.Exact(23, 50),
        PixelPreprocessing.ShorterSide(256, 224),
        PixelPreprocessing.ShorterSide(232, 224, Interpolation.Bicubic),
        PixelPreprocessing.Exact(224, 224),
    ];

    private static string Here([CallerFilePath] string path = "") => path;

    internal sealed record Picture(string File, int Width, int Height, string Pixels, Dictionary<string, string> Preprocessed);

    internal sealed record Resized(uint Seed, int FromWidth, int FromHeight, int Width, int Height, string Interpolation, string Pixels);

    internal sealed record Cropped(uint Seed, int FromWidth, int FromHeight, int Size, int CropHeight, int CropWidth, string Interpolation, string Pixels);
}
