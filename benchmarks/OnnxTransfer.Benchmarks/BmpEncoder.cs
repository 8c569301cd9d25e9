using System.Buffers.Binary;

namespace OnnxTransfer.Benchmarks;

/// <summary>Writes uncompressed 24-bit bitmaps.</summary>
internal static class BmpEncoder
{
    /// <summary>H x W x 3 pixels as a bitmap, top row first, rows padded to four bytes.</summary>
    public static byte[] Encode(ReadOnlySpan<byte> rgb, int width, int height)
    {
        const int Pixels = 54;
        int stride = ((3 * width) + 3) & ~3;
        var file = new byte[Pixels + (stride * height)];
        "BM"u8.CopyTo(file);
        (int At, int Value)[] fields =
            [(2, file.Length), (10, Pixels), (14, 40), (18, width), (22, -height), (26, 1 | (24 << 16)), (34, stride * height)];
        foreach (var (at, value) in fields)
        {
            BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(at), value);
        }

        for (int i = 0; i < rgb.Length; i++)
        {
            file[Pixels + (i / (3 * width) * stride) + (i % (3 * width) / 3 * 3) + 2 - (i % 3)] = rgb[i];
        }

        return file;
    }
}
