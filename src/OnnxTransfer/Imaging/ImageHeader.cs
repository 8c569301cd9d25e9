using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Imaging;

/// <summary>What an encoded image says of itself before anything is decoded. Reading it never fails, whatever the bytes.</summary>
/// <param name="Format">The format by the first bytes.</param>
/// <param name="Width">Declared pixels per row; 0 where the header could not be read or the format's is not read here (HEIF, JPEG XL).</param>
/// <param name="Height">Declared rows; 0 likewise. Sizes beyond <see cref="int.MaxValue"/> read as that.</param>
public readonly record struct ImageHeader(ImageFormat Format, int Width, int Height)
{
    /// <summary>The format by magic bytes; <see cref="ImageFormat.Unknown"/> for everything else.</summary>
    public static ImageFormat Detect(ReadOnlySpan<byte> encoded) => encoded switch
    {
        [0xFF, 0xD8, 0xFF, ..] => ImageFormat.Jpeg,
        [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A, ..] => ImageFormat.Png,
        [(byte)'R', (byte)'I', (byte)'F', (byte)'F', _, _, _, _, (byte)'W', (byte)'E', (byte)'B', (byte)'P', ..] => ImageFormat.WebP,
        [(byte)'G', (byte)'I', (byte)'F', (byte)'8', (byte)'7' or (byte)'9', (byte)'a', ..] => ImageFormat.Gif,
        [(byte)'B', (byte)'M', _, _, _, _, _, _, _, _, _, _, _, _, 12 or 40 or 52 or 56 or 64 or 108 or 124, 0, 0, 0, ..] => ImageFormat.Bmp,
        [(byte)'I', (byte)'I', 42 or 43, 0, ..] or [(byte)'M', (byte)'M', 0, 42 or 43, ..] => ImageFormat.Tiff,
        [0, 0, _, _, (byte)'f', (byte)'t', (byte)'y', (byte)'p', ..] when IsHeifBrand(encoded) => ImageFormat.Heif,
        [0xFF, 0x0A, ..] => ImageFormat.JpegXl,
        [0, 0, 0, 0x0C, (byte)'J', (byte)'X', (byte)'L', (byte)' ', 0x0D, 0x0A, 0x87, 0x0A, ..] => ImageFormat.JpegXl,
        _ => ImageFormat.Unknown,
    };

    /// <summary>Format and declared size.</summary>
    public static ImageHeader Read(ReadOnlySpan<byte> encoded)
    {
        var format = Detect(encoded);
        var (width, height) = format switch
        {
            ImageFormat.Jpeg when JpegFrame.Read(encoded) is var frame => (frame.Width, frame.Height),
            ImageFormat.Png => PngSize(encoded),
            ImageFormat.WebP => WebPSize(encoded),
            ImageFormat.Gif => GifSize(encoded),
            ImageFormat.Bmp => BmpSize(encoded),
            ImageFormat.Tiff => TiffSize(encoded),
            _ => (0L, 0L),
        };
        return new ImageHeader(format, (int)Math.Min(width, int.MaxValue), (int)Math.Min(height, int.MaxValue));
    }

    private static bool IsHeifBrand(ReadOnlySpan<byte> encoded) =>
        encoded.Length >= 12 && encoded.Slice(8, 4) is var brand
        && (brand.SequenceEqual("heic"u8) || brand.SequenceEqual("heix"u8) || brand.SequenceEqual("heim"u8)
            || brand.SequenceEqual("heis"u8) || brand.SequenceEqual("hevc"u8) || brand.SequenceEqual("mif1"u8)
            || brand.SequenceEqual("msf1"u8) || brand.SequenceEqual("avif"u8) || brand.SequenceEqual("avis"u8));

    private static (long Width, long Height) PngSize(ReadOnlySpan<byte> encoded) =>
        encoded.Length >= 24 && encoded.Slice(12, 4).SequenceEqual("IHDR"u8)
            ? (ReadUInt32BigEndian(encoded[16..]), ReadUInt32BigEndian(encoded[20..]))
            : (0, 0);

    // RFC 9649: the first chunk is VP8X (canvas), VP8L (lossless) or VP8 (lossy).
    private static (long Width, long Height) WebPSize(ReadOnlySpan<byte> encoded)
    {
        if (encoded.Length < 30)
        {
            return (0, 0);
        }

        var kind = encoded.Slice(12, 4);
        if (kind.SequenceEqual("VP8X"u8))
        {
            return (1 + (ReadUInt32LittleEndian(encoded[24..]) & 0xFFFFFF), 1 + (ReadUInt32LittleEndian(encoded[26..]) >> 8));
        }

        if (kind.SequenceEqual("VP8L"u8) && encoded[20] == 0x2F)
        {
            uint bits = ReadUInt32LittleEndian(encoded[21..]);
            return (1 + (bits & 0x3FFF), 1 + ((bits >> 14) & 0x3FFF));
        }

        return kind.SequenceEqual("VP8 "u8)
            ? (ReadUInt16LittleEndian(encoded[26..]) & 0x3FFF, ReadUInt16LittleEndian(encoded[28..]) & 0x3FFF)
            : (0, 0);
    }

    // The logical screen, which holds all frames.
    private static (long Width, long Height) GifSize(ReadOnlySpan<byte> encoded) =>
        encoded.Length >= 10 ? (ReadUInt16LittleEndian(encoded[6..]), ReadUInt16LittleEndian(encoded[8..])) : (0, 0);

    // A negative height means that the top row comes first.
    private static (long Width, long Height) BmpSize(ReadOnlySpan<byte> encoded)
    {
        if (encoded[14] == 12)
        {
            return encoded.Length >= 22 ? (ReadUInt16LittleEndian(encoded[18..]), ReadUInt16LittleEndian(encoded[20..])) : (0, 0);
        }

        return encoded.Length >= 26
            ? (Math.Max(0, ReadInt32LittleEndian(encoded[18..])), Math.Abs((long)ReadInt32LittleEndian(encoded[22..])))
            : (0, 0);
    }

    private static (long Width, long Height) TiffSize(ReadOnlySpan<byte> encoded) =>
        (TiffTags.Find(encoded, TiffTags.ImageWidth) ?? 0, TiffTags.Find(encoded, TiffTags.ImageLength) ?? 0);
}
