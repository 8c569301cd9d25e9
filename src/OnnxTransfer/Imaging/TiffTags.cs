using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Imaging;

/// <summary>
/// Reads whole-number tags from the first directory of a TIFF structure (TIFF 6.0, section 2), which is also what EXIF
/// blocks are made of. BigTIFF is not read: no camera writes it.
/// </summary>
internal static class TiffTags
{
    public const ushort ImageWidth = 256;
    public const ushort ImageLength = 257;
    public const ushort BitsPerSample = 258;
    public const ushort Orientation = 274;

    private const ushort StripOffsets = 273;
    private const ushort StripByteCounts = 279;
    private const ushort TileOffsets = 324;
    private const ushort TileByteCounts = 325;
    private const int Short = 3;
    private const int Long = 4;

    /// <summary>The tag's first value; null where there is no such tag or the bytes make no sense.</summary>
    public static uint? Find(ReadOnlySpan<byte> tiff, ushort tag)
    {
        bool little = IsLittle(tiff);
        var entry = Entry(tiff, tag, little);
        return !entry.IsEmpty && UInt16(entry[2..], little) is Short or Long ? Value(tiff, entry, 0, little) : null;
    }

    /// <summary>
    /// Where the first page's strips or tiles end; more than any file holds where the list of them, or the directory, lies
    /// beyond the last byte; 0 where none are named.
    /// </summary>
    public static long EndOfPixels(ReadOnlySpan<byte> tiff)
    {
        if (!IsTiff(tiff))
        {
            return 0;
        }

        bool little = IsLittle(tiff);
        long directory = UInt32(tiff[4..], little);
        if (directory + 2 > tiff.Length || directory + 2 + (12L * UInt16(tiff[(int)directory..], little)) > tiff.Length)
        {
            return long.MaxValue;
        }

        return Math.Max(
            EndOf(tiff, Entry(tiff, StripOffsets, little), Entry(tiff, StripByteCounts, little), little),
            EndOf(tiff, Entry(tiff, TileOffsets, little), Entry(tiff, TileByteCounts, little), little));
    }

    private static long EndOf(ReadOnlySpan<byte> tiff, ReadOnlySpan<byte> offsets, ReadOnlySpan<byte> lengths, bool little)
    {
        long end = 0;
        if (!offsets.IsEmpty && !lengths.IsEmpty)
        {
            uint count = Math.Min(UInt32(offsets[4..], little), UInt32(lengths[4..], little));
            for (uint i = 0; i < count && end <= tiff.Length; i++)
            {
                end = Value(tiff, offsets, i, little) is uint offset && Value(tiff, lengths, i, little) is uint length
                    ? Math.Max(end, (long)offset + length)
                    : long.MaxValue;
            }
        }

        return end;
    }

    // Value i of an entry: four bytes hold the values themselves, more lie where those four point.
    private static uint? Value(ReadOnlySpan<byte> tiff, ReadOnlySpan<byte> entry, uint index, bool little)
    {
        int size = UInt16(entry[2..], little) == Short ? 2 : 4;
        bool inline = (long)UInt32(entry[4..], little) * size <= 4;
        var values = inline ? entry[8..] : tiff;
        long at = (inline ? 0L : UInt32(entry[8..], little)) + ((long)index * size);
        if (at + size > values.Length)
        {
            return null;
        }

        var value = values[(int)at..];
        return size == 2 ? UInt16(value, little) : UInt32(value, little);
    }

    // The 12 bytes of a tag: number, type, count, values; empty where there is no such tag.
    private static ReadOnlySpan<byte> Entry(ReadOnlySpan<byte> tiff, ushort tag, bool little)
    {
        if (!IsTiff(tiff))
        {
            return default;
        }

        long directory = UInt32(tiff[4..], little);
        if (directory + 2 > tiff.Length)
        {
            return default;
        }

        int count = UInt16(tiff[(int)directory..], little);
        for (int i = 0; i < count; i++)
        {
            long at = directory + 2 + (12L * i);
            if (at + 12 > tiff.Length)
            {
                return default;
            }

            var entry = tiff.Slice((int)at, 12);
            if (UInt16(entry, little) == tag)
            {
                return entry;
            }
        }

        return default;
    }

    private static bool IsTiff(ReadOnlySpan<byte> tiff) =>
        tiff.Length >= 8 && (tiff[..4].SequenceEqual("II*\0"u8) || tiff[..4].SequenceEqual("MM\0*"u8));

    private static bool IsLittle(ReadOnlySpan<byte> tiff) => tiff is [(byte)'I', ..];

    private static ushort UInt16(ReadOnlySpan<byte> bytes, bool little) =>
        little ? ReadUInt16LittleEndian(bytes) : ReadUInt16BigEndian(bytes);

    private static uint UInt32(ReadOnlySpan<byte> bytes, bool little) =>
        little ? ReadUInt32LittleEndian(bytes) : ReadUInt32BigEndian(bytes);
}
