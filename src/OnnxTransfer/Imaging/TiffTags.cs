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
    public const ushort Orientation = 274;

    private const int Short = 3;
    private const int Long = 4;

    /// <summary>The tag's first value; null where there is no such tag or the bytes make no sense.</summary>
    public static uint? Find(ReadOnlySpan<byte> tiff, ushort tag)
    {
        if (tiff.Length < 8 || !(tiff[..4].SequenceEqual("II*\0"u8) || tiff[..4].SequenceEqual("MM\0*"u8)))
        {
            return null;
        }

        bool little = tiff[0] == (byte)'I';
        long directory = UInt32(tiff[4..], little);
        if (directory + 2 > tiff.Length)
        {
            return null;
        }

        int count = UInt16(tiff[(int)directory..], little);
        for (int i = 0; i < count; i++)
        {
            long at = directory + 2 + (12L * i);
            if (at + 12 > tiff.Length)
            {
                return null;
            }

            var entry = tiff.Slice((int)at, 12);
            if (UInt16(entry, little) == tag)
            {
                return UInt16(entry[2..], little) switch
                {
                    Short => UInt16(entry[8..], little),
                    Long => UInt32(entry[8..], little),
                    _ => null,
                };
            }
        }

        return null;
    }

    private static ushort UInt16(ReadOnlySpan<byte> bytes, bool little) =>
        little ? ReadUInt16LittleEndian(bytes) : ReadUInt16BigEndian(bytes);

    private static uint UInt32(ReadOnlySpan<byte> bytes, bool little) =>
        little ? ReadUInt32LittleEndian(bytes) : ReadUInt32BigEndian(bytes);
}
