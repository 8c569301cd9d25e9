using System.Buffers;
using System.IO.Compression;
using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Imaging;

/// <summary>
/// PNG of the kinds that nearly all are of, 8 bits a sample and not interlaced, by the zlib of .NET and own row filters;
/// pixels equal Pillow's. Other kinds, told by their header, are left to the next decoder.
/// <para>As in Pillow, the checksum of the pixels is that of zlib; the chunks' own are checked for all others that matter.</para>
/// </summary>
public sealed unsafe class PngDecoder : IImageDecoder
{
    private const int BlockBytes = 1 << 16;

    /// <summary>"OnnxTransfer PNG 1": the number changes with the pixels.</summary>
    public string Name => "OnnxTransfer PNG 1";

    /// <summary>True for PNG alone.</summary>
    public bool Decodes(ImageFormat format) => format == ImageFormat.Png;

    /// <summary>False.</summary>
    public bool DecodesRare(ImageFormat format) => false;

    /// <inheritdoc/>
    public RgbImage Decode(ReadOnlySpan<byte> encoded, string file, ImageLimits limits)
    {
        var layout = PngLayout.Read(encoded);
        if (!layout.IsCommon)
        {
            throw new ImageException(
                file, ImageFault.UnsupportedFormat, "a Png that is interlaced or not of 8 bits a sample, which is not read here; install libvips, or convert it");
        }

        limits.Check(file, layout.Width, layout.Height);
        if (CutFile.Is(encoded, ImageFormat.Png))
        {
            throw Truncated(encoded, file);
        }

        Span<byte> palette = stackalloc byte[3 * 256];
        palette.Clear();
        int first = FindPixels(encoded, layout, palette, file);
        var image = new RgbImage(layout.Width, layout.Height);
        try
        {
            fixed (byte* source = encoded)
            {
                using var data = new PngData(source, encoded.Length, first);
                using var samples = new ZLibStream(data, CompressionMode.Decompress);
                Decode(samples, layout, palette, image, encoded, file);
            }

            return image;
        }
        catch (Exception error)
        {
            image.Dispose();
            throw error is InvalidDataException ? Corrupt(file, "the compressed pixels contradict zlib's format or checksum") : error;
        }
    }

    // Rows are unpacked some 64 kB at a time, behind the last one of those before, which their filters refer to.
    private static void Decode(
        ZLibStream samples, PngLayout layout, ReadOnlySpan<byte> palette, RgbImage image, ReadOnlySpan<byte> encoded, string file)
    {
        int row = checked(layout.Width * layout.Step), between = row + 1;
        int most = Math.Clamp(BlockBytes / between, 1, layout.Height);
        byte[] rented = ArrayPool<byte>.Shared.Rent(checked((between * (most + 1)) + PngFilters.Slack));
        try
        {
            rented.AsSpan(0, between).Clear();
            for (int top = 0; top < layout.Height;)
            {
                int rows = Math.Min(most, layout.Height - top);
                var block = rented.AsSpan(between, rows * between);
                if (samples.ReadAtLeast(block, block.Length, throwOnEndOfStream: false) < block.Length)
                {
                    throw Truncated(encoded, file);
                }

                fixed (byte* above = rented)
                {
                    Undo(above, between, rows, layout.Step, file);
                }

                for (int y = 1; y <= rows; y++)
                {
                    Convert(rented.AsSpan((y * between) + 1, row), layout, palette, image.Pixels.Slice(3 * layout.Width * (top + y - 1), 3 * layout.Width));
                }

                rented.AsSpan(rows * between, between).CopyTo(rented);
                top += rows;
            }

            // zlib compares its checksum when it meets the end.
            samples.ReadByte();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private static void Undo(byte* above, int between, int rows, int step, string file)
    {
        for (int y = 0; y < rows; y++, above += between)
        {
            byte* row = above + between;
            if (!PngFilters.Undo(*row, row + 1, above + 1, between - 1, step))
            {
                throw Corrupt(file, $"a row has the filter {*row}, where 0 to 4 are known");
            }
        }
    }

    private static void Convert(ReadOnlySpan<byte> row, PngLayout layout, ReadOnlySpan<byte> palette, Span<byte> rgb)
    {
        if (layout.HasPalette)
        {
            PixelConversion.FromPalette(row, palette, rgb);
        }
        else if (layout.Step < 3)
        {
            PixelConversion.FromGrey(row, layout.Step, rgb);
        }
        else
        {
            PixelConversion.FromRgb(row, layout.Step, rgb);
        }
    }

    // Walks the chunks up to the first with pixels; colours beyond the palette stay black.
    private static int FindPixels(ReadOnlySpan<byte> encoded, PngLayout layout, Span<byte> palette, string file)
    {
        bool found = !layout.HasPalette;
        for (long at = 8; at + 12 <= encoded.Length;)
        {
            long size = ReadUInt32BigEndian(encoded[(int)at..]);
            var kind = encoded.Slice((int)at + 4, 4);
            if (kind.SequenceEqual("IDAT"u8))
            {
                return found ? (int)at : throw Corrupt(file, "its pixels are of a palette, which is missing");
            }

            if (at + 12 + size > encoded.Length)
            {
                break;
            }

            bool isPalette = kind.SequenceEqual("PLTE"u8);
            bool matters = isPalette || kind.SequenceEqual("IHDR"u8);
            if (matters && PngChecksum.Of(encoded.Slice((int)at + 4, (int)size + 4)) != ReadUInt32BigEndian(encoded[(int)(at + 8 + size)..]))
            {
                throw Corrupt(file, $"the chunk {(isPalette ? "PLTE" : "IHDR")} contradicts its checksum");
            }

            if (isPalette && (size > palette.Length || size % 3 != 0))
            {
                throw Corrupt(file, $"a palette of {size} bytes, where at most 256 colours of 3 bytes are possible");
            }

            if (isPalette)
            {
                encoded.Slice((int)at + 8, (int)size).CopyTo(palette);
                found = true;
            }

            at += 12 + size;
        }

        throw Corrupt(file, "it holds no pixels");
    }

    private static ImageException Corrupt(string file, string found) =>
        new(file, ImageFault.Corrupt, $"the Png data are damaged: {found}; copy or download the file again");

    private static ImageException Truncated(ReadOnlySpan<byte> encoded, string file) => new(
        file,
        ImageFault.Truncated,
        $"the Png data end early, after {encoded.Length} bytes, before the last pixel and the end chunk; copy or download the file again");
}
