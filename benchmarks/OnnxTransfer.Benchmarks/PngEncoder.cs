using System.Buffers.Binary;
using System.IO.Compression;

namespace OnnxTransfer.Benchmarks;

/// <summary>Writes PNG files: RGB, 8 bits, every row filtered against the one above (https://www.w3.org/TR/png-3/).</summary>
internal static class PngEncoder
{
    /// <summary>H x W x 3 pixels as a PNG.</summary>
    public static byte[] Encode(ReadOnlySpan<byte> rgb, int width, int height)
    {
        using var file = new MemoryStream();
        file.Write([0x89, .. "PNG\r\n"u8, 0x1a, (byte)'\n']);
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (8, 2); // bits per sample, RGB
        Chunk(file, "IHDR"u8, header);
        Chunk(file, "IDAT"u8, Compress(rgb, 3 * width, height));
        Chunk(file, "IEND"u8, []);
        return file.ToArray();
    }

    private static byte[] Compress(ReadOnlySpan<byte> rgb, int bytes, int height)
    {
        const byte Up = 2;
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            var row = new byte[bytes + 1];
            row[0] = Up;
            for (int y = 0; y < height; y++)
            {
                for (int i = 0; i < bytes; i++)
                {
                    row[i + 1] = (byte)(rgb[(y * bytes) + i] - (y == 0 ? 0 : rgb[((y - 1) * bytes) + i]));
                }

                zlib.Write(row);
            }
        }

        return packed.ToArray();
    }

    private static void Chunk(MemoryStream file, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        file.Write(number);
        byte[] content = [.. type, .. data];
        file.Write(content);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc32(content));
        file.Write(number);
    }

    private static uint Crc32(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) * 0xEDB88320);
            }
        }

        return ~crc;
    }
}
