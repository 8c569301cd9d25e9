namespace OnnxTransfer.Imaging;

/// <summary>What decides which decoder an image goes to; told by its header alone, so the same bytes always go to the same.</summary>
/// <param name="Format">The format by the first bytes.</param>
/// <param name="IsRare">
/// True for kinds that few images of the format are of: a JPEG that is not Huffman-coded grey or YCbCr of 8 bits and usual
/// chroma sampling (CMYK, RGB stored as such, arithmetic coding), a PNG that is interlaced or not of 8 bits a sample.
/// </param>
public readonly record struct ImageKind(ImageFormat Format, bool IsRare = false)
{
    private const byte Rare = 0x80;

    /// <summary>The kind of an encoded image, whatever its bytes.</summary>
    public static ImageKind Of(ReadOnlySpan<byte> encoded)
    {
        var format = ImageHeader.Detect(encoded);
        return new ImageKind(format, format switch
        {
            ImageFormat.Jpeg => !JpegFrame.Read(encoded).IsCommon,
            ImageFormat.Png => !PngLayout.Read(encoded).IsCommon,
            _ => false,
        });
    }

    /// <summary>The kind that <see cref="ToByte"/> wrote.</summary>
    internal static ImageKind FromByte(byte kind) => new((ImageFormat)(kind & ~Rare), (kind & Rare) != 0);

    /// <summary>As one byte, for memos of files: the format, with the highest bit set where it is rare.</summary>
    internal byte ToByte() => (byte)((byte)Format | (IsRare ? Rare : 0));
}
