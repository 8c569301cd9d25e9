namespace OnnxTransfer.Imaging;

/// <summary>What is wrong with an image; one word for counting in a report, the message says the rest.</summary>
public enum ImageFault
{
    /// <summary>The file holds no bytes.</summary>
    Empty,

    /// <summary>The first bytes are those of no image format.</summary>
    NotAnImage,

    /// <summary>An image of a kind that the decoder of its format does not read, such as 12-bit JPEG.</summary>
    UnsupportedFormat,

    /// <summary>More pixels than <see cref="ImageLimits.MaxPixels"/>.</summary>
    TooLarge,

    /// <summary>The file ends before its last pixel.</summary>
    Truncated,

    /// <summary>The bytes contradict their format.</summary>
    Corrupt,

    /// <summary>A known format, but no decoder for it is installed.</summary>
    NoDecoder,
}
