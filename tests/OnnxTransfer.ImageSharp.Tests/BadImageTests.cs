using OnnxTransfer.Imaging;
using OnnxTransfer.Tests.Imaging;

namespace OnnxTransfer.ImageSharp.Tests;

/// <summary>Only <see cref="ImageException"/> comes out of bad bytes, and half a file never gives pixels.</summary>
public class BadImageTests
{
    private static readonly ImageDecoders Decoders =
        new([new ImageSharpDecoder()]) { Limits = new ImageLimits { MaxPixels = 4_000_000 } };

    // A GIF may lack its trailer; behind the pixels of this LZW file lie values of tags.
    [Theory]
    [InlineData("jpeg_420.jpg", 1)]
    [InlineData("jpeg_progressive.jpg", 1)]
    [InlineData("jpeg_cmyk.jpg", 1)]
    [InlineData("png_rgb16.png", 1)]
    [InlineData("png_interlaced.png", 1)]
    [InlineData("webp_lossy.webp", 1)]
    [InlineData("webp_lossless.webp", 1)]
    [InlineData("gif_interlaced.gif", 2)]
    [InlineData("tiff_rgb.tif", 1)]
    [InlineData("tiff_lzw.tif", 11)]
    public void A_truncated_file_never_gives_pixels(string file, int least)
    {
        byte[] encoded = Golden.Image(file);
        for (int length = 32; length <= encoded.Length - least; length++)
        {
            byte[] cut = encoded[..length];
            var error = Assert.Throws<ImageException>(() => Decoders.Decode(cut, "a").Dispose());
            Assert.Equal(
                $"a: the {ImageHeader.Detect(cut)} data end early, after {length} bytes, before the end that the file announces; "
                    + "copy or download the file again",
                error.Message);
            Assert.Equal(ImageFault.Truncated, error.Fault);
        }
    }

    [Fact]
    public void An_animated_GIF_needs_its_first_frame_alone()
    {
        byte[] encoded = Golden.Image("gif_animated.gif");
        using var image = Decoders.Decode(encoded.AsSpan(0, encoded.Length - 100), "a.gif");
        Assert.Equal(
            Golden.Read<Golden.Picture>("images.json").Single(picture => picture.File == "gif_animated.gif").Pixels,
            Golden.Sha256(image.Pixels));
    }

    [Fact]
    public void A_damaged_file_is_corrupt()
    {
        byte[] encoded = Golden.Image("png_rgb.png");
        encoded[encoded.AsSpan().IndexOf("IDAT"u8) + 10] ^= 0xFF;
        var error = Assert.Throws<ImageException>(() => Decoders.Decode(encoded, "a.png").Dispose());
        Assert.Equal(ImageFault.Corrupt, error.Fault);
        Assert.StartsWith("a.png: the Png data are damaged (ImageSharp: ", error.Message);
        Assert.EndsWith("); copy or download the file again", error.Message);
        Assert.NotNull(error.InnerException);
    }

    [Fact]
    public void A_TIFF_of_floats_is_refused() => AssertRefused(Golden.Raw("apart/float.tif"));

    [Fact]
    public void A_BigTIFF_is_refused() => AssertRefused("II+\0\u0008\0\0\0\u0010\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"u8.ToArray());

    [Theory]
    [InlineData("jpeg_420.jpg")]
    [InlineData("png_rgb.png")]
    [InlineData("webp_lossy.webp")]
    [InlineData("gif.gif")]
    [InlineData("tiff_rgb.tif")]
    public void The_limit_holds_without_the_chain(string file)
    {
        var limits = new ImageLimits { MaxPixels = (37 * 29) - 1 };
        byte[] encoded = Golden.Image(file);
        var error = Assert.Throws<ImageException>(() => new ImageSharpDecoder().Decode(encoded, file, limits));
        Assert.Equal(ImageFault.TooLarge, error.Fault);
    }

    [Fact]
    public void A_header_of_400_million_pixels_is_refused_before_decoding()
    {
        byte[] bomb = BlackPng.Make(20000, 20000);
        long before = GC.GetAllocatedBytesForCurrentThread();
        var error = Assert.Throws<ImageException>(() => new ImageSharpDecoder().Decode(bomb, "bomb.png", ImageLimits.Default));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
        Assert.Equal(ImageFault.TooLarge, error.Fault);
    }

    [Theory]
    [InlineData("jpeg_420.jpg")]
    [InlineData("jpeg_exif6.jpg")]
    [InlineData("jpeg_progressive.jpg")]
    [InlineData("png_palette.png")]
    [InlineData("webp_exif8.webp")]
    [InlineData("webp_lossless.webp")]
    [InlineData("gif.gif")]
    [InlineData("tiff_lzw.tif")]
    public void Changed_bytes_give_pixels_or_an_ImageException(string file)
    {
        byte[] original = Golden.Image(file);
        var random = new Random(11);
        int refused = 0;
        for (int i = 0; i < 300; i++)
        {
            byte[] changed = [.. original];
            for (int k = random.Next(1, 5); k > 0; k--)
            {
                changed[random.Next(changed.Length)] = (byte)random.Next(256);
            }

            try
            {
                Decoders.Decode(changed, file).Dispose();
            }
            catch (ImageException e)
            {
                Assert.StartsWith($"{file}: ", e.Message);
                refused++;
            }
        }

        Assert.True(refused > 0, "no change was noticed");
    }

    private static void AssertRefused(byte[] tiff)
    {
        var error = Assert.Throws<ImageException>(() => Decoders.Decode(tiff, "a.tif").Dispose());
        Assert.Equal(ImageFault.UnsupportedFormat, error.Fault);
        Assert.Equal(
            "a.tif: a TIFF that is not read here, a BigTIFF or one of more than 16 bits a sample; convert it to 8-bit RGB", error.Message);
    }
}
