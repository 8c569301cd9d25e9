namespace OnnxTransfer.Imaging;

/// <summary>Turns encoded bytes into pixels. Implementations may be called from many threads at once.</summary>
public interface IImageDecoder
{
    /// <summary>
    /// Library and version, such as "libjpeg-turbo 2.1.5". Part of every cache key, since another decoder gives other
    /// pixels: it must change whenever they may.
    /// </summary>
    string Name { get; }

    /// <summary>Whether images of <paramref name="format"/> can be decoded here and now.</summary>
    bool Decodes(ImageFormat format);

    /// <summary>
    /// Whether images of <paramref name="format"/> that are of a rare kind (<see cref="ImageKind.IsRare"/>) are decoded
    /// too. As <see cref="Decodes"/> unless a decoder says otherwise.
    /// </summary>
    bool DecodesRare(ImageFormat format) => Decodes(format);

    /// <summary>
    /// Decodes the first image as 8-bit RGB, as Pillow's <c>convert("RGB")</c> would: palette looked up, grey repeated,
    /// alpha dropped, no colour profile applied. Pixels stay as they are stored: <see cref="ImageDecoders"/> turns them
    /// by their EXIF orientation. A damaged or cut off file is an error, never half an image.
    /// </summary>
    /// <param name="encoded">The whole file, of a format that <see cref="Decodes"/> accepts.</param>
    /// <param name="file">The file's name, for errors.</param>
    /// <param name="limits">Checked before pixels are allocated.</param>
    /// <exception cref="ImageException">The image cannot be decoded.</exception>
    RgbImage Decode(ReadOnlySpan<byte> encoded, string file, ImageLimits limits);
}
