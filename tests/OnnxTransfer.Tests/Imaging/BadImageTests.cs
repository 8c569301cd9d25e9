using OnnxTransfer.Imaging;

namespace OnnxTransfer.Tests.Imaging;

/// <summary>Only <see cref="ImageException"/> comes out of bad bytes, and it says what is wrong.</summary>
public class BadImageTests
{
    [Fact]
    public void An_empty_file_is_named()
    {
        var error = Fails([], "a/b.jpg");
        Assert.Equal(ImageFault.Empty, error.Fault);
        Assert.Equal("a/b.jpg", error.File);
        Assert.Equal("a/b.jpg: the file is empty, an image was expected; copy or download it again, or delete it", error.Message);
    }

    [Fact]
    public void A_text_file_is_quoted()
    {
        var error = Fails("<html><body>404 not found</body></html>"u8, "rose.jpg");
        Assert.Equal(ImageFault.NotAnImage, error.Fault);
        Assert.Equal(
            "rose.jpg: found a text file (\"<html><body>404 not foun...\"), expected a JPEG, PNG, WebP, GIF, BMP, TIFF, HEIF or JPEG XL image; "
                + "remove the file from the data set or replace it",
            error.Message);
    }

    [Theory]
    [InlineData(new byte[] { 0x50, 0x4B, 3, 4, 20 }, "a ZIP archive (50 4B 03 04 14)")]
    [InlineData(new byte[] { 0x25, 0x50, 0x44, 0x46, 0x2D }, "a PDF file (25 50 44 46 2D)")]
    [InlineData(new byte[] { 0, 0, 0 }, "3 zero bytes")]
    [InlineData(new byte[] { 9, 8, 7 }, "bytes of no known format (09 08 07)")]
    [InlineData(new byte[] { (byte)'h', (byte)'i', (byte)'\n' }, "a text file (\"hi...\")")]
    [InlineData(new byte[] { (byte)'h' }, "a text file (\"h\")")]
    public void Other_files_are_described(byte[] bytes, string found)
    {
        var error = Fails(bytes, "x");
        Assert.Equal(ImageFault.NotAnImage, error.Fault);
        Assert.Contains($"x: found {found}, expected", error.Message);
    }

    [SkippableTheory]
    [InlineData("jpeg_420.jpg")]
    [InlineData("jpeg_progressive.jpg")]
    [InlineData("jpeg_cmyk.jpg")]
    [InlineData("jpeg_grey.jpg")]
    [InlineData("png_rgb16.png")]
    [InlineData("png_interlaced.png")]
    [InlineData("png_palette.png")]
    [InlineData("webp_lossy.webp")]
    [InlineData("gif.gif")]
    [InlineData("bmp_24.bmp")]
    [InlineData("bmp_8.bmp")]
    [InlineData("tiff_rgb.tif")]
    public void A_truncated_file_never_gives_pixels(string file)
    {
        byte[] encoded = Golden.Image(file);
        DecodingTests.SkipWithout(ImageHeader.Detect(encoded));
        int truncated = 0;

        // GIF and WebP may end without their last bytes and still hold every pixel, and so may PNG without its last chunk.
        int last = encoded.Length - (file.EndsWith("png", StringComparison.Ordinal) ? 20 : file.EndsWith("bmp", StringComparison.Ordinal) ? 1 : 8);
        for (int length = 20; length <= last; length += Math.Max(1, encoded.Length / 60))
        {
            var error = Fails(encoded.AsSpan(0, length), file);
            Assert.True(error.Fault is ImageFault.Truncated or ImageFault.Corrupt, error.Message);
            truncated += error.Fault == ImageFault.Truncated ? 1 : 0;
        }

        Assert.True(truncated > 0, "no cut was called a cut");
    }

    [SkippableFact]
    public void A_JPEG_cut_in_its_pixels_is_called_truncated()
    {
        DecodingTests.SkipWithout(ImageFormat.Jpeg);
        byte[] encoded = Golden.Image("jpeg_444.jpg");
        foreach (int length in new[] { encoded.Length - 2, encoded.Length - 100, encoded.Length - 400 })
        {
            var error = Fails(encoded.AsSpan(0, length), "cut.jpg");
            Assert.Equal(ImageFault.Truncated, error.Fault);
            Assert.Equal(
                $"cut.jpg: the JPEG data end early, after {length} bytes (libjpeg: Premature end of JPEG file), "
                    + "before the last pixel and the end marker; copy or download the file again",
                error.Message);
        }
    }

    [SkippableFact]
    public void Stray_bytes_in_a_JPEG_are_passed_over_as_Pillow_does()
    {
        DecodingTests.SkipWithout(ImageFormat.Jpeg);
        byte[] encoded = Golden.Image("jpeg_444.jpg");
        string expected = Golden.Read<Golden.Picture>("images.json").Single(picture => picture.File == "jpeg_444.jpg").Pixels;

        byte[] stray = [.. encoded[..2], 1, 2, 3, .. encoded[2..], 9, 9, 9];
        using (var image = ImageDecoders.Default.Decode([0xFF, 0xD8, 0xFF, 0xFE, 0, 2, .. stray[2..]], "stray.jpg"))
        {
            Assert.Equal(expected, Golden.Sha256(image.Pixels));
        }

        var error = Fails([0xFF, 0xD8, 0xFF, 0xFE, 0, 2, .. stray.AsSpan(2, stray.Length - 200)], "stray.jpg");
        Assert.Equal(ImageFault.Truncated, error.Fault);
    }

    [SkippableFact]
    public void A_header_of_400_million_pixels_is_refused_before_decoding()
    {
        byte[] bomb = BlackPng.Make(20000, 20000);
        Assert.InRange(bomb.Length, 1000, 100_000);
        long before = GC.GetAllocatedBytesForCurrentThread();
        var error = Fails(bomb, "bomb.png");
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
        Assert.Equal(ImageFault.TooLarge, error.Fault);
        Assert.Equal(
            "bomb.png: its header declares 20000 x 20000 pixels, but at most 178956970 are decoded; "
                + "scale the image down, or raise ImageLimits.MaxPixels if it is meant to be this large",
            error.Message);
    }

    [SkippableTheory]
    [InlineData("jpeg_420.jpg")]
    [InlineData("png_rgb.png")]
    [InlineData("webp_lossy.webp")]
    [InlineData("webp_lossless.webp")]
    [InlineData("webp_alpha_lossy.webp")]
    [InlineData("gif.gif")]
    [InlineData("bmp_24.bmp")]
    [InlineData("tiff_rgb.tif")]
    public void The_limit_holds_for_every_format(string file)
    {
        byte[] encoded = Golden.Image(file);
        var small = new ImageDecoders([]) { Limits = new ImageLimits { MaxPixels = (37 * 29) - 1 } };
        Assert.Equal(ImageFault.TooLarge, Assert.Throws<ImageException>(() => small.Decode(encoded, file)).Fault);

        DecodingTests.SkipWithout(ImageHeader.Detect(encoded));
        var decoder = ImageDecoders.Default.For(ImageHeader.Detect(encoded));
        Assert.Equal(ImageFault.TooLarge, Assert.Throws<ImageException>(() => decoder.Decode(encoded, file, small.Limits)).Fault);
    }

    [Fact]
    public void Limits_must_make_sense()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new ImageLimits { MaxPixels = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new ImageLimits { MaxPixels = 800_000_000 });
    }

    [Fact]
    public void A_missing_decoder_names_the_cure()
    {
        var none = new ImageDecoders([new BmpDecoder()]);
        var error = Assert.Throws<ImageException>(() => none.Decode(Golden.Image("png_rgb.png"), "a.png"));
        Assert.Equal(ImageFault.NoDecoder, error.Fault);
        Assert.Equal(
            "a.png: a Png image, but none of the decoders here (OnnxTransfer BMP 1) reads that format; "
                + "install libvips (sudo apt-get install libvips42) or add the ImageSharp decoder",
            error.Message);
        Assert.Contains("libturbojpeg0", Assert.Throws<ImageException>(() => none.For(ImageFormat.Jpeg)).Message);
    }

    [Fact]
    public void A_further_decoder_serves_what_the_others_do_not()
    {
        var chain = new ImageDecoders([new BmpDecoder()]).With(new OnePixel());
        Assert.Equal("one pixel", chain.NameFor(ImageFormat.Png));
        Assert.Equal("OnnxTransfer BMP 1", chain.NameFor(ImageFormat.Bmp));
        Assert.Equal(["OnnxTransfer BMP 1", "one pixel"], chain.Names);
        using var image = chain.Decode(Golden.Image("png_rgb.png"), "a.png");
        Assert.Equal(1, image.Width);
    }

    [Fact]
    public void No_library_is_looked_for_before_an_image_may_need_it()
    {
        var lookedFor = 0;
        var chain = ImageDecoders.Of(
            new ProbedDecoder(new BmpDecoder()),
            new ProbedDecoder(() =>
            {
                lookedFor++;
                return (null, "libvips was not found");
            }),
            new ProbedDecoder(new OnePixel()));

        Assert.Equal("OnnxTransfer BMP 1", chain.NameFor(ImageFormat.Bmp));
        Assert.Equal(0, lookedFor);
        Assert.Equal("one pixel", chain.NameFor(ImageFormat.Png));
        Assert.Equal(["OnnxTransfer BMP 1", "one pixel"], chain.Names);
        Assert.Equal(["libvips was not found"], chain.Missing);
        Assert.Equal(1, lookedFor);
    }

    [Fact]
    public void A_registered_decoder_stands_behind_all_others()
    {
        var before = ImageDecoders.Default;
        ImageDecoders.Register(new NoFormat());
        Assert.Equal([.. before.Names, "no format"], ImageDecoders.Default.Names);
        Assert.Equal(before.Missing, ImageDecoders.Default.Missing);
        Assert.DoesNotContain("no format", before.Names);
    }

    [Theory]
    [InlineData(30, 8, "a BMP of 24 bits a pixel with compression 8")]
    [InlineData(28, 7, "a BMP of 7 bits a pixel with compression 0")]
    public void Other_bitmaps_are_refused(int offset, byte value, string found)
    {
        byte[] encoded = Golden.Image("bmp_24.bmp");
        encoded[offset] = value;
        var error = Fails(encoded, "a.bmp");
        Assert.Equal(ImageFault.UnsupportedFormat, error.Fault);
        Assert.Equal($"a.bmp: {found}; expected 1, 4, 8, 16, 24 or 32 bits, uncompressed; convert it to PNG", error.Message);
    }

    [SkippableFact]
    public void A_JPEG_of_12_bits_is_refused()
    {
        DecodingTests.SkipWithout(ImageFormat.Jpeg);
        byte[] encoded = Golden.Image("jpeg_444.jpg");
        encoded[encoded.AsSpan().IndexOf([(byte)0xFF, (byte)0xC0]) + 4] = 12;
        var error = Fails(encoded, "a.jpg");
        Assert.Equal(ImageFault.UnsupportedFormat, error.Fault);
        Assert.Equal(
            "a.jpg: a JPEG of a kind libjpeg does not read (libjpeg: Unsupported JPEG data precision 12); expected 8-bit baseline or progressive; convert it to PNG",
            error.Message);
    }

    [SkippableFact]
    public void A_damaged_JPEG_is_refused_though_libjpeg_only_warns()
    {
        DecodingTests.SkipWithout(ImageFormat.Jpeg);
        byte[] encoded = Golden.Image("jpeg_restarts.jpg");
        encoded[encoded.AsSpan().LastIndexOf([(byte)0xFF, (byte)0xD0]) + 1] = 0xD3;
        var error = Fails(encoded, "a.jpg");
        Assert.Equal(ImageFault.Corrupt, error.Fault);
        Assert.Equal(
            "a.jpg: the JPEG data are damaged (libjpeg: Corrupt JPEG data: found marker 0xd3 instead of RST0); copy or download the file again",
            error.Message);
    }

    [SkippableFact]
    public void A_TIFF_of_floats_is_refused()
    {
        DecodingTests.SkipWithout(ImageFormat.Tiff);
        var error = Fails(Golden.Raw("apart/float.tif"), "a.tif");
        Assert.Equal(ImageFault.UnsupportedFormat, error.Fault);
        Assert.StartsWith("a.tif: its 1 channels are not 8- or 16-bit grey, RGB or CMYK (libvips: band format 6, interpretation", error.Message);
    }

    [SkippableTheory]
    [InlineData("jpeg_420.jpg", 500)]
    [InlineData("jpeg_exif6.jpg", 500)]
    [InlineData("jpeg_progressive.jpg", 500)]
    [InlineData("png_palette.png", 300)]
    [InlineData("png_exif6.png", 300)]
    [InlineData("webp_exif8.webp", 448)]
    [InlineData("gif.gif", 300)]
    [InlineData("tiff_lzw.tif", 4000)]
    [InlineData("bmp_8.bmp", 200)]
    [InlineData("bmp_16_565.bmp", 80)]
    public void Changed_bytes_give_pixels_or_an_ImageException(string file, int changeable)
    {
        byte[] original = Golden.Image(file);
        DecodingTests.SkipWithout(ImageHeader.Detect(original));
        var random = new Random(11);
        var decoders = new ImageDecoders([ImageDecoders.Default.For(ImageHeader.Detect(original))])
        {
            Limits = new ImageLimits { MaxPixels = 4_000_000 },
        };
        int refused = 0;
        for (int i = 0; i < 300; i++)
        {
            byte[] changed = [.. original];
            for (int k = random.Next(1, 5); k > 0; k--)
            {
                changed[random.Next(Math.Min(changeable, changed.Length))] = (byte)random.Next(256);
            }

            try
            {
                decoders.Decode(changed, file).Dispose();
            }
            catch (ImageException e)
            {
                Assert.StartsWith($"{file}: ", e.Message);
                refused++;
            }
        }

        Assert.True(refused > 0, "no change was noticed");
    }

    [Fact]
    public void Headers_of_noise_are_read_without_error()
    {
        var random = new Random(5);
        string[] files = ["jpeg_exif6.jpg", "png_exif6.png", "webp_exif8.webp", "webp_alpha_lossy.webp", "gif.gif", "bmp_8.bmp", "tiff_orientation6.tif"];
        foreach (string file in files)
        {
            byte[] original = Golden.Image(file);
            var header = ImageHeader.Read(original);
            Assert.Equal((37, 29), (header.Width, header.Height));
            for (int i = 0; i < 1000; i++)
            {
                byte[] changed = original[..random.Next(original.Length + 1)];
                for (int k = 0; k < 8 && changed.Length > 4; k++)
                {
                    changed[random.Next(4, changed.Length)] = (byte)random.Next(256);
                }

                var read = ImageHeader.Read(changed);
                Assert.True(read.Width >= 0 && read.Height >= 0);
                Assert.InRange(ExifOrientation.Find(changed, header.Format), 1, 8);
            }
        }
    }

    private static ImageException Fails(ReadOnlySpan<byte> encoded, string file)
    {
        byte[] bytes = encoded.ToArray();
        return Assert.Throws<ImageException>(() => ImageDecoders.Default.Decode(bytes, file).Dispose());
    }

    // Registered for the whole test run, so it must change nothing for other tests.
    private sealed class NoFormat : IImageDecoder
    {
        public string Name => "no format";

        public bool Decodes(ImageFormat format) => false;

        public RgbImage Decode(ReadOnlySpan<byte> encoded, string file, ImageLimits limits) => throw new NotSupportedException();
    }

    private sealed class OnePixel : IImageDecoder
    {
        public string Name => "one pixel";

        public bool Decodes(ImageFormat format) => true;

        public RgbImage Decode(ReadOnlySpan<byte> encoded, string file, ImageLimits limits) => RgbImage.FromGrey8([5], 1, 1);
    }
}
