using OnnxTransfer.Imaging;

namespace OnnxTransfer.Tests.Imaging;

/// <summary>The ways a run may decode JPEG: their pixels, their names, and which images they concern.</summary>
public class JpegDecodingTests
{
    private static readonly PixelPreprocessing Small = PixelPreprocessing.ShorterSide(4, 4);

    [SkippableFact]
    public void Scaled_pixels_equal_those_of_Pillow_in_draft_mode()
    {
        DecodingTests.SkipWithout(ImageFormat.Jpeg);
        var exact = (LibJpegTurboDecoder)ImageDecoders.Default.For(ImageFormat.Jpeg);
        foreach (var expected in Golden.Read<Scaled>("scaled.json"))
        {
            using var image = exact.ScaledTo(expected.LeastSide).Decode(Golden.Image(expected.File), expected.File, ImageLimits.Default);
            Assert.Equal((expected.File, expected.Width, expected.Height), (expected.File, image.Width, image.Height));
            Assert.Equal((expected.File, expected.Pixels), (expected.File, Golden.Sha256(image.Pixels)));
        }
    }

    [SkippableTheory]
    [InlineData(30, 37, 29)]
    [InlineData(16, 37, 29)]
    [InlineData(15, 19, 15)]
    [InlineData(9, 19, 15)]
    [InlineData(8, 10, 8)]
    [InlineData(1, 5, 4)]
    public void The_smallest_halving_that_keeps_the_shorter_side_is_taken(int leastSide, int width, int height)
    {
        DecodingTests.SkipWithout(ImageFormat.Jpeg);
        var decoder = ((LibJpegTurboDecoder)ImageDecoders.Default.For(ImageFormat.Jpeg)).ScaledTo(leastSide);
        foreach (string file in new[] { "jpeg_420.jpg", "jpeg_cmyk.jpg", "jpeg_grey.jpg" })
        {
            using var image = decoder.Decode(Golden.Image(file), file, ImageLimits.Default);
            Assert.Equal((width, height), (image.Width, image.Height));
        }
    }

    [SkippableFact]
    public void Scaling_keeps_twice_the_size_that_follows_and_has_a_name_of_its_own()
    {
        DecodingTests.SkipWithout(ImageFormat.Jpeg);
        var scaled = ImageDecoders.Default.WithJpeg(JpegDecoding.Scaled, Small);
        Assert.Equal($"{ImageDecoders.Default.NameFor(ImageFormat.Jpeg)} scaled to 8 or more", scaled.NameFor(ImageFormat.Jpeg));
        Assert.Equal(scaled.NameFor(ImageFormat.Jpeg), scaled.NameFor(ImageKind.Of(Golden.Image("jpeg_cmyk.jpg"))));

        // Turned by its EXIF orientation after it was scaled.
        using var image = scaled.Decode(Golden.Image("jpeg_exif6.jpg"), "a.jpg");
        Assert.Equal((8, 10), (image.Height < image.Width ? (image.Height, image.Width) : (image.Width, image.Height)));

        var stretched = ImageDecoders.Default.WithJpeg(JpegDecoding.Scaled, PixelPreprocessing.Exact(100, 300));
        Assert.EndsWith(" scaled to 600 or more", stretched.NameFor(ImageFormat.Jpeg));
    }

    [SkippableFact]
    public void Other_formats_keep_their_decoder()
    {
        DecodingTests.SkipWithout(ImageFormat.Jpeg);
        var scaled = ImageDecoders.Default.WithJpeg(JpegDecoding.Scaled, Small);
        foreach (var format in new[] { ImageFormat.Png, ImageFormat.Bmp, ImageFormat.WebP, ImageFormat.Gif, ImageFormat.Tiff }.Where(ImageDecoders.Default.Decodes))
        {
            Assert.Equal(ImageDecoders.Default.NameFor(format), scaled.NameFor(format));
        }
    }

    [Fact]
    public void Exact_decoding_changes_nothing() =>
        Assert.Same(ImageDecoders.Default, ImageDecoders.Default.WithJpeg(JpegDecoding.Exact, Small));

    [Fact]
    public void Scaling_without_libjpeg_turbo_says_so()
    {
        var error = Assert.Throws<DecoderException>(() => new ImageDecoders([new BmpDecoder()]).WithJpeg(JpegDecoding.Scaled, Small));
        Assert.Equal("scaled JPEG decoding needs libjpeg-turbo: it is not among the decoders here", error.Message);
    }

    [SkippableFact]
    public void The_GPU_without_nvJPEG_names_library_and_cure()
    {
        Skip.If(NvJpegDecoder.TryCreate(out _, out string? missing), "nvJPEG is here");
        var error = Assert.Throws<DecoderException>(() => ImageDecoders.Default.WithJpeg(JpegDecoding.Gpu, Small));
        Assert.Equal($"decoding JPEG on the GPU needs nvJPEG: {missing}; or decode exactly, without the GPU", error.Message);
        Assert.Contains("nvjpeg", missing);
        Assert.Contains("CUDA", missing);
    }

    [Fact]
    public void An_unknown_way_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => ImageDecoders.Default.WithJpeg((JpegDecoding)9, Small));

    [Fact]
    public void Rare_kinds_are_told_by_the_header()
    {
        string[] rare = [.. Directory.GetFiles(Path.Combine(Golden.Folder, "images")).Select(path => Path.GetFileName(path)).Where(file => ImageKind.Of(Golden.Image(file)).IsRare).Order(StringComparer.Ordinal)];
        Assert.Equal(
            [
                "jpeg_cmyk.jpg", "jpeg_odd_sampling.jpg", "jpeg_ycck.jpg", "png_1bit.png", "png_grey16.png", "png_interlaced.png",
                "png_palette4.png", "png_rgb16.png",
            ],
            rare);
    }

    [Theory]
    [InlineData(0xC0, 0xC9, true)]
    [InlineData(0xC0, 0xC1, false)]
    [InlineData(0xC0, 0xC3, true)]
    public void A_JPEG_of_another_coding_is_rare(byte from, byte to, bool rare)
    {
        byte[] encoded = Golden.Image("jpeg_444.jpg");
        Assert.False(ImageKind.Of(encoded).IsRare);
        encoded[encoded.AsSpan().IndexOf([(byte)0xFF, from]) + 1] = to;
        Assert.Equal(rare, ImageKind.Of(encoded).IsRare);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, false)]
    public void A_JPEG_that_stores_RGB_is_rare(byte transform, bool rare)
    {
        // Adobe's marker in place of JFIF's: its last byte tells the colours.
        byte[] jfif = Golden.Image("jpeg_444.jpg");
        int at = jfif.AsSpan().IndexOf([(byte)0xFF, (byte)0xE0]);
        byte[] adobe = [.. jfif[..at], 0xFF, 0xEE, 0, 14, .. "Adobe"u8, 0, 100, 0, 0, 0, 0, transform, .. jfif[(at + 18)..]];
        Assert.Equal(rare, ImageKind.Of(adobe).IsRare);
    }

    [Fact]
    public void A_kind_survives_as_a_byte()
    {
        foreach (var kind in new ImageKind[] { new(ImageFormat.Jpeg), new(ImageFormat.Jpeg, IsRare: true), new(ImageFormat.JpegXl), new(ImageFormat.Png, IsRare: true) })
        {
            Assert.Equal(kind, ImageKind.FromByte(kind.ToByte()));
        }

        Assert.Equal((byte)ImageFormat.Png, new ImageKind(ImageFormat.Png).ToByte());
    }

    private sealed record Scaled(string File, int LeastSide, int Width, int Height, string Pixels);
}
