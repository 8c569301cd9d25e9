using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Imaging;

/// <summary>
/// Whether a file ends before its format says so, to tell a broken download from damage: decoders do not always say which
/// they met, and some fill what is missing without a word.
/// </summary>
internal static class CutFile
{
    /// <summary>True where the container shows that bytes are missing at the end; false for formats that do not show it.</summary>
    public static bool Is(ReadOnlySpan<byte> encoded, ImageFormat format) => format switch
    {
        ImageFormat.Jpeg => !JpegHasEnd(encoded),
        ImageFormat.Png => !PngHasEnd(encoded),
        ImageFormat.Gif => !GifHasFrame(encoded),
        ImageFormat.Tiff => TiffTags.EndOfPixels(encoded) > encoded.Length,
        ImageFormat.WebP => encoded.Length < 8 || ReadUInt32LittleEndian(encoded[4..]) + 8L > encoded.Length,
        _ => false,
    };

    // An end marker behind the header: a thumbnail within the header has an end marker of its own.
    private static bool JpegHasEnd(ReadOnlySpan<byte> encoded)
    {
        var segments = new JpegSegments(encoded);
        while (segments.MoveNext())
        {
        }

        return encoded[segments.Position..].IndexOf([(byte)0xFF, JpegSegments.EndOfImage]) >= 0;
    }

    private static bool PngHasEnd(ReadOnlySpan<byte> encoded)
    {
        for (long at = 8; at + 12 <= encoded.Length; at += 12 + ReadUInt32BigEndian(encoded[(int)at..]))
        {
            if (encoded.Slice((int)at + 4, 4).SequenceEqual("IEND"u8))
            {
                return true;
            }
        }

        return false;
    }

    // The first frame up to its terminator (GIF89a, sections 18 to 24); what follows shows in no pixel of it.
    private static bool GifHasFrame(ReadOnlySpan<byte> encoded)
    {
        const byte Extension = 0x21, Frame = 0x2C;
        int at = 13 + GifColourTable(encoded, 10);
        while (at < encoded.Length)
        {
            byte kind = encoded[at];
            if (kind is not (Extension or Frame))
            {
                return true;
            }

            at += kind == Extension ? 2 : 11 + GifColourTable(encoded, at + 9);
            while (at < encoded.Length && encoded[at] != 0)
            {
                at += 1 + encoded[at];
            }

            if (kind == Frame)
            {
                return at < encoded.Length;
            }

            at++;
        }

        return false;
    }

    // Bytes of the colour table that the flags at this place announce.
    private static int GifColourTable(ReadOnlySpan<byte> encoded, int flags) =>
        flags < encoded.Length && (encoded[flags] & 0x80) != 0 ? 3 * (2 << (encoded[flags] & 7)) : 0;
}
