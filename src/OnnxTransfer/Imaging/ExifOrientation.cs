using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Imaging;

/// <summary>
/// The EXIF orientation, 1 to 8: how the stored pixels are to be turned to stand upright. HEIF and JPEG XL decoders turn
/// their images themselves.
/// </summary>
internal static class ExifOrientation
{
    private const int Upright = 1;
    private const byte App1 = 0xE1;
    private const int Tile = 32;

    /// <summary>The orientation an encoded image asks for; 1 where it says nothing or nonsense.</summary>
    public static int Find(ReadOnlySpan<byte> encoded, ImageFormat format)
    {
        var exif = format switch
        {
            ImageFormat.Jpeg => InJpeg(encoded),
            ImageFormat.Png => InPng(encoded),
            ImageFormat.WebP => InWebP(encoded),
            ImageFormat.Tiff => encoded,
            _ => default,
        };
        return TiffTags.Find(exif, TiffTags.Orientation) is uint value and >= 1 and <= 8 ? (int)value : Upright;
    }

    /// <summary>
    /// Turns an image upright as PIL.ImageOps.exif_transpose does. Takes <paramref name="stored"/> over: it is
    /// returned itself, or disposed.
    /// </summary>
    public static RgbImage Apply(RgbImage stored, int orientation)
    {
        if (orientation == Upright)
        {
            return stored;
        }

        using (stored)
        {
            int width = stored.Width, height = stored.Height;
            bool swaps = orientation >= 5;
            var upright = swaps ? new RgbImage(height, width) : new RgbImage(width, height);

            // Where upright (0, 0) is stored, and whether going right or down there runs backwards here.
            bool flipX = orientation is 2 or 3 or 7 or 8, flipY = orientation is 3 or 4 or 6 or 7;
            int start = 3 * ((flipX ? width - 1 : 0) + ((flipY ? height - 1 : 0) * width));
            int alongX = flipX ? -3 : 3, alongY = 3 * (flipY ? -width : width);
            Copy(stored.Pixels, start, swaps ? alongY : alongX, swaps ? alongX : alongY, upright);
            return upright;
        }
    }

    // In tiles, so that reading a column touches each cache line once.
    private static void Copy(ReadOnlySpan<byte> source, int start, int right, int down, RgbImage target)
    {
        int width = target.Width, height = target.Height;
        var pixels = target.Pixels;
        for (int top = 0; top < height; top += Tile)
        {
            for (int left = 0; left < width; left += Tile)
            {
                int bottom = Math.Min(height, top + Tile), edge = Math.Min(width, left + Tile);
                for (int y = top; y < bottom; y++)
                {
                    int to = 3 * ((y * width) + left), from = start + (y * down) + (left * right);
                    for (int x = left; x < edge; x++, to += 3, from += right)
                    {
                        pixels[to] = source[from];
                        pixels[to + 1] = source[from + 1];
                        pixels[to + 2] = source[from + 2];
                    }
                }
            }
        }
    }

    private static ReadOnlySpan<byte> InJpeg(ReadOnlySpan<byte> encoded)
    {
        foreach (var segment in new JpegSegments(encoded))
        {
            if (segment.Marker == App1 && segment.Payload.StartsWith("Exif\0"u8) && segment.Payload.Length > 6)
            {
                return segment.Payload[6..];
            }
        }

        return default;
    }

    private static ReadOnlySpan<byte> InPng(ReadOnlySpan<byte> encoded)
    {
        for (long at = 8; at + 12 <= encoded.Length;)
        {
            long length = ReadUInt32BigEndian(encoded[(int)at..]);
            if (at + 12 + length > encoded.Length)
            {
                break;
            }

            if (encoded.Slice((int)at + 4, 4).SequenceEqual("eXIf"u8))
            {
                return encoded.Slice((int)at + 8, (int)length);
            }

            at += 12 + length;
        }

        return default;
    }

    private static ReadOnlySpan<byte> InWebP(ReadOnlySpan<byte> encoded)
    {
        for (long at = 12; at + 8 <= encoded.Length;)
        {
            long length = ReadUInt32LittleEndian(encoded[((int)at + 4)..]);
            if (at + 8 + length > encoded.Length)
            {
                break;
            }

            if (encoded.Slice((int)at, 4).SequenceEqual("EXIF"u8))
            {
                var exif = encoded.Slice((int)at + 8, (int)length);
                return exif.StartsWith("Exif\0\0"u8) ? exif[6..] : exif;
            }

            at += 8 + length + (length & 1);
        }

        return default;
    }
}
