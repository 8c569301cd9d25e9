using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Imaging;

/// <summary>What the first chunk of a PNG says (specification, section 11.2.2).</summary>
internal readonly record struct PngLayout(int Width, int Height, int Depth, int Colour, bool Interlaced)
{
    private const int Palette = 3;

    /// <summary>Bytes of a pixel of 8-bit samples: grey, colour, index, grey with alpha, colour with alpha.</summary>
    public int Step => Colour switch
    {
        0 or Palette => 1,
        2 => 3,
        4 => 2,
        6 => 4,
        _ => 0,
    };

    public bool HasPalette => Colour == Palette;

    /// <summary>Whether it is of the kinds that nearly all are of: 8 bits a sample, rows in their order.</summary>
    public bool IsCommon => Width > 0 && Height > 0 && Depth == 8 && Step > 0 && !Interlaced;

    /// <summary>Reading never fails: what is no PNG has no pixels.</summary>
    public static PngLayout Read(ReadOnlySpan<byte> encoded)
    {
        bool isHeader = encoded.Length >= 33 && ReadUInt32BigEndian(encoded[8..]) == 13 && encoded.Slice(12, 4).SequenceEqual("IHDR"u8)
            && encoded[26] == 0 && encoded[27] == 0 && encoded[28] <= 1;
        return isHeader
            ? new PngLayout(ReadInt32BigEndian(encoded[16..]), ReadInt32BigEndian(encoded[20..]), encoded[24], encoded[25], encoded[28] == 1)
            : default;
    }
}
