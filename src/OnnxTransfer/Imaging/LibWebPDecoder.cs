using System.Diagnostics.CodeAnalysis;

namespace OnnxTransfer.Imaging;

/// <summary>
/// WebP by libwebp itself, lossy or lossless, alpha dropped; pixels equal Pillow's, which uses the same library. Libvips
/// uses it too, but at more than twice the cost. Animated files are left to the next decoder.
/// </summary>
public sealed unsafe class LibWebPDecoder : IImageDecoder
{
    private static readonly string[] Names = ["libwebp.so.7", "libwebp.7.dylib", "libwebp.dll", "libwebp-7.dll"];

    private readonly delegate* unmanaged<byte*, nuint, int*, int*, int> _getInfo;
    private readonly delegate* unmanaged<byte*, nuint, byte*, nuint, int, byte*> _decodeRgbInto;

    private LibWebPDecoder(NativeImageLibrary library)
    {
        _getInfo = (delegate* unmanaged<byte*, nuint, int*, int*, int>)library["WebPGetInfo"];
        _decodeRgbInto = (delegate* unmanaged<byte*, nuint, byte*, nuint, int, byte*>)library["WebPDecodeRGBInto"];
        int version = ((delegate* unmanaged<int>)library["WebPGetDecoderVersion"])();
        Name = $"libwebp {version >> 16}.{(version >> 8) & 0xFF}.{version & 0xFF}";
    }

    /// <summary>Such as "libwebp 1.2.4".</summary>
    public string Name { get; }

    /// <summary>Loads the library; false, with the reason and the cure in <paramref name="missing"/>, where it is absent.</summary>
    public static bool TryCreate([NotNullWhen(true)] out LibWebPDecoder? decoder, [NotNullWhen(false)] out string? missing)
    {
        (decoder, missing) = (null, null);
        if (!NativeImageLibrary.TryLoad(Names, [], out var library))
        {
            missing = "libwebp.so.7 was not found; install it: sudo apt-get install libwebp7";
            return false;
        }

        try
        {
            decoder = new LibWebPDecoder(library);
            return true;
        }
        catch (EntryPointNotFoundException error)
        {
            missing = $"libwebp.so.7 is no libwebp that is known here: {error.Message}; install another: sudo apt-get install libwebp7";
            return false;
        }
    }

    /// <summary>True for WebP alone.</summary>
    public bool Decodes(ImageFormat format) => format == ImageFormat.WebP;

    /// <summary>False.</summary>
    public bool DecodesRare(ImageFormat format) => false;

    /// <inheritdoc/>
    public RgbImage Decode(ReadOnlySpan<byte> encoded, string file, ImageLimits limits)
    {
        fixed (byte* source = encoded)
        {
            int width = 0, height = 0;
            if (_getInfo(source, (nuint)encoded.Length, &width, &height) == 0)
            {
                throw Fault(encoded, file);
            }

            limits.Check(file, width, height);
            var image = new RgbImage(width, height);
            var pixels = image.Pixels;
            fixed (byte* target = pixels)
            {
                if (_decodeRgbInto(source, (nuint)encoded.Length, target, (nuint)pixels.Length, 3 * width) is null)
                {
                    image.Dispose();
                    throw Fault(encoded, file);
                }
            }

            return image;
        }
    }

    // The library does not say what was wrong.
    private static ImageException Fault(ReadOnlySpan<byte> encoded, string file) => CutFile.Is(encoded, ImageFormat.WebP)
        ? new(
            file,
            ImageFault.Truncated,
            $"the WebP data end early, after {encoded.Length} bytes, before the last pixel; copy or download the file again")
        : new(file, ImageFault.Corrupt, "the WebP data are damaged, as far as libwebp tells; copy or download the file again");
}
