using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Imaging;

/// <summary>
/// Windows bitmaps, managed: 1, 4 and 8 bits with a palette, 16, 24 and 32 bits, bottom-up or top-down, with or without
/// bit masks; pixels equal Pillow's. Run-length encoded bitmaps and embedded JPEG or PNG are refused: hardly any exist.
/// </summary>
public sealed class BmpDecoder : IImageDecoder
{
    /// <summary>"OnnxTransfer BMP 1": the number changes with the pixels.</summary>
    public string Name => "OnnxTransfer BMP 1";

    /// <summary>True for BMP alone.</summary>
    public bool Decodes(ImageFormat format) => format == ImageFormat.Bmp;

    /// <inheritdoc/>
    public RgbImage Decode(ReadOnlySpan<byte> encoded, string file, ImageLimits limits)
    {
        var layout = BmpLayout.Read(encoded, file);
        limits.Check(file, layout.Width, layout.Height);
        long stride = (((long)layout.Width * layout.Bits) + 31) / 32 * 4;
        long needed = layout.PixelOffset + (stride * (layout.Height - 1)) + ((((long)layout.Width * layout.Bits) + 7) / 8);
        if (encoded.Length < needed)
        {
            throw new ImageException(
                file,
                ImageFault.Truncated,
                $"a BMP of {layout.Width} x {layout.Height} pixels at {layout.Bits} bits needs {needed} bytes, but the file holds {encoded.Length}; copy or download the file again");
        }

        var image = new RgbImage(layout.Width, layout.Height);
        for (int y = 0; y < layout.Height; y++)
        {
            int storedRow = layout.TopDown ? y : layout.Height - 1 - y;
            var row = encoded[(int)(layout.PixelOffset + (stride * storedRow))..];
            DecodeRow(row, layout, encoded, image.Pixels.Slice(3 * y * layout.Width, 3 * layout.Width));
        }

        return image;
    }

    private static void DecodeRow(ReadOnlySpan<byte> row, BmpLayout layout, ReadOnlySpan<byte> encoded, Span<byte> rgb)
    {
        if (layout.Bits <= 8)
        {
            LookUp(row, layout, encoded, rgb);
        }
        else if (layout.Bits == 24)
        {
            for (int at = 0; at < rgb.Length; at += 3)
            {
                rgb[at] = row[at + 2];
                rgb[at + 1] = row[at + 1];
                rgb[at + 2] = row[at];
            }
        }
        else
        {
            for (int from = 0, to = 0; to < rgb.Length; from += layout.Bits / 8, to += 3)
            {
                uint pixel = layout.Bits == 16 ? ReadUInt16LittleEndian(row[from..]) : ReadUInt32LittleEndian(row[from..]);
                rgb[to] = layout.Red.Of(pixel);
                rgb[to + 1] = layout.Green.Of(pixel);
                rgb[to + 2] = layout.Blue.Of(pixel);
            }
        }
    }

    // Palette entries are blue, green, red and, save in the oldest header, a reserved byte. An index beyond the palette
    // is black.
    private static void LookUp(ReadOnlySpan<byte> row, BmpLayout layout, ReadOnlySpan<byte> encoded, Span<byte> rgb)
    {
        int perByte = 8 / layout.Bits, mask = (1 << layout.Bits) - 1;
        for (int x = 0, to = 0; to < rgb.Length; x++, to += 3)
        {
            int shift = 8 - (layout.Bits * ((x % perByte) + 1));
            int index = (row[x / perByte] >> shift) & mask;
            int entry = layout.PaletteOffset + (index * layout.PaletteStep);
            bool known = index < layout.PaletteCount;
            rgb[to] = known ? encoded[entry + 2] : (byte)0;
            rgb[to + 1] = known ? encoded[entry + 1] : (byte)0;
            rgb[to + 2] = known ? encoded[entry] : (byte)0;
        }
    }
}
