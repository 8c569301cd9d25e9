namespace OnnxTransfer.Imaging;

/// <summary>How an image is encoded, told by its first bytes and never by its file name.</summary>
public enum ImageFormat
{
    /// <summary>None of the formats below.</summary>
    Unknown,

    /// <summary>JPEG: FF D8 FF.</summary>
    Jpeg,

    /// <summary>PNG: 89 50 4E 47 0D 0A 1A 0A.</summary>
    Png,

    /// <summary>WebP: a RIFF container of kind WEBP.</summary>
    WebP,

    /// <summary>GIF87a or GIF89a; the first frame counts.</summary>
    Gif,

    /// <summary>Windows bitmap: BM.</summary>
    Bmp,

    /// <summary>TIFF or BigTIFF, either byte order; the first page counts.</summary>
    Tiff,

    /// <summary>HEIC or AVIF: an ISO container with a brand of theirs.</summary>
    Heif,

    /// <summary>JPEG XL: a bare codestream or its container.</summary>
    JpegXl,
}
