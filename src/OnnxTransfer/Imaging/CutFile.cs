using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Imaging;

/// <summary>
/// Whether a file ends before its format says so, to tell a broken download from damage: decoders do not always say which
/// they met. Asked only after decoding has failed or warned.
/// </summary>
internal static class CutFile
{
    /// <summary>True where the container shows that bytes are missing at the end; false for formats that do not show it.</summary>
    public static bool Is(ReadOnlySpan<byte> encoded, ImageFormat format) => format switch
    {
        ImageFormat.Jpeg => !JpegHasEnd(encoded),
        ImageFormat.Png => !PngHasEnd(encoded),
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
}
