using System.Buffers.Binary;

namespace OnnxTransfer.Benchmarks;

/// <summary>Writes TIFF files: RGB, 8 bits, one strip, not compressed (TIFF 6.0, section 6).</summary>
internal static class TiffEncoder
{
    private const int Short = 3, Long = 4;

    /// <summary>H x W x 3 pixels as a TIFF.</summary>
    public static byte[] Encode(ReadOnlySpan<byte> rgb, int width, int height)
    {
        const int Directory = 8, Samples = 3;
        (ushort Tag, ushort Type, int Count, int Value)[] entries =
        [
            (256, Long, 1, width), (257, Long, 1, height), (258, Short, Samples, 0), (259, Short, 1, 1), (262, Short, 1, 2),
            (273, Long, 1, 0), (277, Short, 1, Samples), (278, Long, 1, height), (279, Long, 1, rgb.Length), (284, Short, 1, 1),
        ];
        int bits = Directory + 2 + (12 * entries.Length) + 4, pixels = bits + (2 * Samples);
        (entries[2].Value, entries[5].Value) = (bits, pixels);
        var file = new byte[pixels + rgb.Length];
        "II*\0"u8.CopyTo(file);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(4), Directory);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(Directory), (short)entries.Length);
        for (int i = 0; i < entries.Length; i++)
        {
            var entry = file.AsSpan(Directory + 2 + (12 * i));
            BinaryPrimitives.WriteUInt16LittleEndian(entry, entries[i].Tag);
            BinaryPrimitives.WriteUInt16LittleEndian(entry[2..], entries[i].Type);
            BinaryPrimitives.WriteInt32LittleEndian(entry[4..], entries[i].Count);
            BinaryPrimitives.WriteInt32LittleEndian(entry[8..], entries[i].Value);
        }

        for (int i = 0; i < Samples; i++)
        {
            file[bits + (2 * i)] = 8;
        }

        rgb.CopyTo(file.AsSpan(pixels));
        return file;
    }
}
