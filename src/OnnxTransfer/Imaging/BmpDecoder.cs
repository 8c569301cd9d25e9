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
                $"a BMP of {layout.Width} x {layout.Height} pixels at {layout.Bits} bits needs {needed} bytes, "
                    + $"but the file holds {encoded.Length}; copy or download the file again");
        }

        var image = new RgbImage(layout.Width, layout.Height);
        Span<byte> palette = stackalloc byte[3 * 256];
        if (layout.Bits <= 8)
        {
            ReadPalette(layout, encoded, palette);
        }

        for (int y = 0; y < layout.Height; y++)
        {
            int storedRow = layout.TopDown ? y : layout.Height - 1 - y;
            var row = encoded[(int)(layout.PixelOffset + (stride * storedRow))..];
            DecodeRow(row, layout, palette, image.Pixels.Slice(3 * y * layout.Width, 3 * layout.Width));
        }

        return image;
    }

    private static void DecodeRow(ReadOnlySpan<byte> row, BmpLayout layout, ReadOnlySpan<byte> palette, Span<byte> rgb)
    {
        if (layout.Bits == 8)
        {
            PixelConversion.FromPalette(row, palette, rgb);
        }
        else if (layout.Bits < 8)
        {
            LookUp(row, layout.Bits, palette, rgb);
        }
        else if (layout.IsBgr)
        {
            PixelConversion.FromBgr(row, layout.Bits / 8, rgb);
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
    private static void ReadPalette(BmpLayout layout, ReadOnlySpan<byte> encoded, Span<byte> palette)
    {
        palette.Clear();
        for (int i = 0; i < layout.PaletteCount; i++)
        {
            var entry = encoded.Slice(layout.PaletteOffset + (i * layout.PaletteStep), 3);
            palette[3 * i] = entry[2];
            palette[(3 * i) + 1] = entry[1];
            palette[(3 * i) + 2] = entry[0];
        }
    }

    // Several indices a byte, the first in the highest bits.
    private static void LookUp(ReadOnlySpan<byte> row, int bits, ReadOnlySpan<byte> palette, Span<byte> rgb)
    {
        int perByte = 8 / bits, mask = (1 << bits) - 1;
        for (int x = 0, to = 0; to < rgb.Length; x++, to += 3)
        {
            int shift = 8 - (bits * ((x % perByte) + 1));
            palette.Slice(3 * ((row[x / perByte] >> shift) & mask), 3).CopyTo(rgb[to..]);
        }
    }
}
