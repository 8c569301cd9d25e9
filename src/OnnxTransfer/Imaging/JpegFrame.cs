using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Imaging;

/// <summary>What the header of a JPEG says of its one frame (ITU-T T.81, B.2.2) and of its colours. Reading it never fails.</summary>
/// <param name="Width">Pixels per row; 0 where there is no frame header.</param>
/// <param name="Height">Rows; 0 likewise.</param>
/// <param name="IsCommon">
/// Whether every JPEG library can be expected to read it alike: Huffman-coded, baseline or progressive, 8 bits, grey or
/// YCbCr with chroma sampled 4:4:4, 4:2:2, 4:2:0, 4:4:0, 4:1:1 or 4:1:0.
/// </param>
internal readonly record struct JpegFrame(int Width, int Height, bool IsCommon)
{
    private const byte Baseline = 0xC0, ExtendedHuffman = 0xC1, Progressive = 0xC2, Jfif = 0xE0, Adobe = 0xEE;

    public static JpegFrame Read(ReadOnlySpan<byte> encoded)
    {
        bool jfif = false, hasChroma = false, idsAreRgb = false;
        int transform = -1;
        JpegFrame? frame = null;
        foreach (var segment in new JpegSegments(encoded))
        {
            var payload = segment.Payload;
            if (segment.Marker == Jfif)
            {
                jfif |= payload.StartsWith("JFIF\0"u8);
            }
            else if (segment.Marker == Adobe && payload.Length >= 12 && payload.StartsWith("Adobe"u8))
            {
                transform = payload[11];
            }
            else if (frame is { } first && IsFrame(segment.Marker))
            {
                // Two frames: libraries differ in which they take, and in the size they write.
                frame = first with { IsCommon = false };
            }
            else if (frame is null && IsFrame(segment.Marker) && payload.Length >= 5)
            {
                bool plain = segment.Marker is Baseline or ExtendedHuffman or Progressive && payload[0] == 8 && IsSampledCommonly(payload);
                frame = new JpegFrame(ReadUInt16BigEndian(payload[3..]), ReadUInt16BigEndian(payload[1..]), plain);
                hasChroma = plain && payload[5] == 3;
                idsAreRgb = hasChroma && payload[6] == 'R' && payload[9] == 'G' && payload[12] == 'B';
            }
        }

        // Colours as libjpeg tells them (jdapimin.c, default_decompress_parms): JFIF before Adobe's marker before the ids.
        bool storesRgb = hasChroma && !jfif && (transform >= 0 ? transform == 0 : idsAreRgb);
        return frame is { } found ? found with { IsCommon = found.IsCommon && !storesRgb } : default;
    }

    // C4, C8 and CC of that range are other markers.
    private static bool IsFrame(byte marker) => marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC);

    // Per component: id, sampling factors (across in the high half), quantisation table.
    private static bool IsSampledCommonly(ReadOnlySpan<byte> payload) => payload.Length >= 6 && payload[5] switch
    {
        1 => payload.Length >= 9 && payload[7] == 0x11,
        3 => payload.Length >= 15 && payload[10] == 0x11 && payload[13] == 0x11 && payload[7] is 0x11 or 0x21 or 0x22 or 0x12 or 0x41 or 0x42,
        _ => false,
    };
}
