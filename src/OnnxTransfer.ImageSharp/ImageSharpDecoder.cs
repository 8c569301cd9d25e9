using System.Collections.Concurrent;
using System.Reflection;
using OnnxTransfer.Imaging;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.Formats;
using SixLabors.ImageSharp.Formats.Png;
using SixLabors.ImageSharp.Memory;
using SixLabors.ImageSharp.PixelFormats;
using IImageDecoder = OnnxTransfer.Imaging.IImageDecoder;

namespace OnnxTransfer.ImageSharp;

/// <summary>
/// JPEG, PNG, WebP, GIF and TIFF (first frame or page) by SixLabors.ImageSharp, managed code alone: for machines without
/// libjpeg-turbo or libvips. An application adds it with <see cref="ImageDecoders.Register"/>. BMP is left to
/// <see cref="BmpDecoder"/>, which needs no library either.
/// <para>Pixels equal Pillow's, save in JPEG: its inverse DCT is another one (by 2 of 255 at most), and chroma is
/// repeated where libjpeg interpolates it, which shows at hard edges between colours. Samples of 16 bits give their high
/// byte.</para>
/// <para>ImageSharp fills what is missing at the end of a file and says nothing. Here the file must therefore hold all
/// that its container announces, or it is <see cref="ImageFault.Truncated"/>. Damage within the entropy-coded data of a
/// JPEG or GIF may still pass unnoticed, where libjpeg and libvips notice it.</para>
/// </summary>
public sealed class ImageSharpDecoder : IImageDecoder
{
    // An allocator is a pool of its own, so each limit gets one and keeps it.
    private readonly ConcurrentDictionary<ImageLimits, DecoderOptions> _optionsOf = new();

    /// <summary>Such as "ImageSharp 3.1.12", the version that is really loaded.</summary>
    public string Name { get; } = $"ImageSharp {LoadedVersion()}";

    /// <summary>True for JPEG, PNG, WebP, GIF and TIFF.</summary>
    public bool Decodes(ImageFormat format) =>
        format is ImageFormat.Jpeg or ImageFormat.Png or ImageFormat.WebP or ImageFormat.Gif or ImageFormat.Tiff;

    /// <inheritdoc/>
    public RgbImage Decode(ReadOnlySpan<byte> encoded, string file, ImageLimits limits)
    {
        var header = ImageHeader.Read(encoded);
        limits.Check(file, header.Width, header.Height);
        if (CutFile.Is(encoded, header.Format))
        {
            throw new ImageException(
                file,
                ImageFault.Truncated,
                $"the {header.Format} data end early, after {encoded.Length} bytes, before the end that the file announces; "
                    + "copy or download the file again");
        }

        if (header.Format == ImageFormat.Tiff && (header.Width == 0 || TiffTags.Find(encoded, TiffTags.BitsPerSample) > 16))
        {
            throw new ImageException(
                file,
                ImageFault.UnsupportedFormat,
                "a TIFF that is not read here, a BigTIFF or one of more than 16 bits a sample; convert it to 8-bit RGB");
        }

        var options = _optionsOf.GetOrAdd(limits, OptionsFor);
        try
        {
            var info = Image.Identify(options, encoded);
            limits.Check(file, info.Width, info.Height);
            return header.Format == ImageFormat.Tiff || info.Metadata.GetPngMetadata().BitDepth == PngBitDepth.Bit16
                ? DecodeWide(options, encoded)
                : DecodeNarrow(options, encoded);
        }
        catch (Exception error) when (error is not (ImageException or OutOfMemoryException))
        {
            // Damaged bytes also end in index, null and arithmetic errors there.
            throw Fault(error, header.Format, file);
        }
    }

    private static RgbImage DecodeNarrow(DecoderOptions options, ReadOnlySpan<byte> encoded)
    {
        using var decoded = Image.Load<Rgb24>(options, encoded);
        var image = new RgbImage(decoded.Width, decoded.Height);
        decoded.CopyPixelDataTo(image.Pixels);
        return image;
    }

    // ImageSharp would round 16 bits to 8; the other decoders take the high byte. Samples of 8 bits come back as they were.
    private static RgbImage DecodeWide(DecoderOptions options, ReadOnlySpan<byte> encoded)
    {
        using var decoded = Image.Load<Rgb48>(options, encoded);
        var image = new RgbImage(decoded.Width, decoded.Height);
        decoded.ProcessPixelRows(rows =>
        {
            var rgb = image.Pixels;
            for (int y = 0, to = 0; y < rows.Height; y++)
            {
                foreach (var pixel in rows.GetRowSpan(y))
                {
                    rgb[to++] = (byte)(pixel.R >> 8);
                    rgb[to++] = (byte)(pixel.G >> 8);
                    rgb[to++] = (byte)(pixel.B >> 8);
                }
            }
        });
        return image;
    }

    // One thread an image: images are decoded side by side. Metadata (EXIF, colour profiles) change no pixel here.
    private static DecoderOptions OptionsFor(ImageLimits limits)
    {
        // Per allocation: up to 8 bytes a pixel (four planes of 16-bit coefficients), and room for tables.
        const long MostBytesPerPixel = 8, Mebibyte = 1 << 20, Tables = 16;
        var configuration = Configuration.Default.Clone();
        configuration.MaxDegreeOfParallelism = 1;
        configuration.MemoryAllocator = MemoryAllocator.Create(new MemoryAllocatorOptions
        {
            AllocationLimitMegabytes = (int)(Tables + (limits.MaxPixels * MostBytesPerPixel / Mebibyte)),
        });
        return new DecoderOptions { Configuration = configuration, MaxFrames = 1, SkipMetadata = true };
    }

    private static ImageException Fault(Exception error, ImageFormat format, string file) => error is NotSupportedException
        ? new(
            file,
            ImageFault.UnsupportedFormat,
            $"a {format} of a kind ImageSharp does not read (ImageSharp: {error.Message}); convert it to 8-bit RGB",
            error)
        : new(
            file,
            ImageFault.Corrupt,
            $"the {format} data are damaged (ImageSharp: {error.Message}); copy or download the file again",
            error);

    // The package version without the commit that follows "+": all 3.x share one assembly version.
    private static string LoadedVersion() => typeof(Image).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
}
