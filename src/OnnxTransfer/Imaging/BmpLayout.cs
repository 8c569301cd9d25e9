using System.Numerics;
using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Imaging;

/// <summary>What the headers of a BMP file say: BITMAPCOREHEADER (12 bytes) or BITMAPINFOHEADER and its successors.</summary>
internal readonly record struct BmpLayout
{
    private const int FileHeader = 14;
    private const int CoreHeader = 12;
    private const int InfoHeader = 40;
    private const uint Uncompressed = 0;
    private const uint BitFields = 3;

    public int Width { get; private init; }

    public int Height { get; private init; }

    public bool TopDown { get; private init; }

    public int Bits { get; private init; }

    public long PixelOffset { get; private init; }

    public int PaletteOffset { get; private init; }

    public int PaletteStep { get; private init; }

    public int PaletteCount { get; private init; }

    public ChannelMask Red { get; private init; }

    public ChannelMask Green { get; private init; }

    public ChannelMask Blue { get; private init; }

    /// <summary>Whether a pixel's first three bytes are blue, green and red.</summary>
    public bool IsBgr => Bits == 24 || (Bits == 32 && (Red.Mask, Green.Mask, Blue.Mask) == (0xFF0000, 0x00FF00, 0x0000FF));

    /// <summary>Reads and checks the headers; after it the palette lies within the file.</summary>
    /// <exception cref="ImageException">Cut off, contradictory or not supported.</exception>
    public static BmpLayout Read(ReadOnlySpan<byte> encoded, string file)
    {
        long header = encoded.Length >= FileHeader + 4 ? ReadUInt32LittleEndian(encoded[FileHeader..]) : long.MaxValue;
        if (encoded.Length < FileHeader + header)
        {
            throw new ImageException(
                file, ImageFault.Truncated, $"a BMP that ends within its header, after {encoded.Length} bytes; copy or download the file again");
        }

        var info = encoded[FileHeader..];
        bool core = header == CoreHeader;
        if (!core && header < InfoHeader)
        {
            throw Corrupt(file, $"a header of {header} bytes");
        }

        int width = core ? ReadUInt16LittleEndian(info[4..]) : ReadInt32LittleEndian(info[4..]);
        int height = core ? ReadUInt16LittleEndian(info[6..]) : ReadInt32LittleEndian(info[8..]);
        if (width < 1 || height is 0 or int.MinValue)
        {
            throw Corrupt(file, $"{width} x {height} pixels");
        }

        int bits = ReadUInt16LittleEndian(info[(core ? 10 : 14)..]);
        uint compression = core ? Uncompressed : ReadUInt32LittleEndian(info[16..]);
        bool plain = compression == Uncompressed || (compression == BitFields && bits is 16 or 32);
        if (bits is not (1 or 4 or 8 or 16 or 24 or 32) || !plain)
        {
            throw new ImageException(
                file,
                ImageFault.UnsupportedFormat,
                $"a BMP of {bits} bits a pixel with compression {compression}; expected 1, 4, 8, 16, 24 or 32 bits, uncompressed; convert it to PNG");
        }

        long paletteOffset = FileHeader + header;
        long pixelOffset = ReadUInt32LittleEndian(encoded[10..]);
        int paletteStep = core ? 3 : 4, most = bits <= 8 ? 1 << bits : 0;
        long declared = core ? 0 : ReadUInt32LittleEndian(info[32..]);
        long fits = Math.Max(0, Math.Min(encoded.Length, pixelOffset) - paletteOffset) / paletteStep;
        var layout = new BmpLayout
        {
            Width = width,
            Height = Math.Abs(height),
            TopDown = height < 0,
            Bits = bits,
            PixelOffset = pixelOffset,
            PaletteOffset = (int)paletteOffset,
            PaletteStep = paletteStep,
            PaletteCount = (int)Math.Min(fits, declared is 0 ? most : Math.Min(declared, most)),
        };
        return compression == BitFields ? layout.WithMasks(encoded, file) : layout.WithDefaultMasks();
    }

    private static ImageException Corrupt(string file, string found) =>
        new(file, ImageFault.Corrupt, $"a BMP header that declares {found}, which cannot be; copy or download the file again");

    // The three masks follow the first 40 bytes of the header, whether they count as part of it or not.
    private BmpLayout WithMasks(ReadOnlySpan<byte> encoded, string file)
    {
        var masks = encoded[(FileHeader + InfoHeader)..];
        if (masks.Length < 12)
        {
            throw Corrupt(file, "bit masks but ends before them");
        }

        return this with
        {
            Red = new ChannelMask(ReadUInt32LittleEndian(masks)),
            Green = new ChannelMask(ReadUInt32LittleEndian(masks[4..])),
            Blue = new ChannelMask(ReadUInt32LittleEndian(masks[8..])),
        };
    }

    private BmpLayout WithDefaultMasks() => Bits == 16
        ? this with { Red = new(0x7C00), Green = new(0x03E0), Blue = new(0x001F) }
        : this with { Red = new(0xFF0000), Green = new(0x00FF00), Blue = new(0x0000FF) };

    /// <summary>The bits of a pixel that hold one channel, widened to 0..255 as Pillow does: value * 255 / most, cut.</summary>
    internal readonly struct ChannelMask(uint mask)
    {
        private readonly int _shift = mask == 0 ? 0 : BitOperations.TrailingZeroCount(mask);

        public uint Mask => mask;

        public byte Of(uint pixel)
        {
            ulong most = mask >> _shift;
            return most == 0 ? (byte)0 : (byte)(((pixel & mask) >> _shift) * 255UL / most);
        }
    }
}
