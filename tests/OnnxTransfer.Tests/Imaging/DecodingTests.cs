using OnnxTransfer.Imaging;

namespace OnnxTransfer.Tests.Imaging;

/// <summary>Every format and kind against Pillow: the same upright RGB bytes, before and after preprocessing.</summary>
public class DecodingTests
{
    public static TheoryData<string> Files => [.. Golden.Read<Golden.Picture>("images.json").Select(picture => picture.File)];

    [SkippableTheory]
    [MemberData(nameof(Files))]
    public void Pixels_equal_those_of_Pillow(string file)
    {
        var expected = Golden.Read<Golden.Picture>("images.json").Single(picture => picture.File == file);
        byte[] encoded = Golden.Image(file);
        SkipWithout(ImageHeader.Detect(encoded));

        AssertEqual(expected, encoded);
    }

    [SkippableTheory]
    [InlineData("jpeg_420.jpg", "jpeg_420.rgb")]
    [InlineData("jpeg_ycck.jpg", "jpeg_ycck.rgb")]
    [InlineData("png_palette.png", "png_palette.rgb")]
    public void Raw_pixels_equal_those_of_Pillow(string file, string raw)
    {
        byte[] encoded = Golden.Image(file);
        SkipWithout(ImageHeader.Detect(encoded));
        using var image = ImageDecoders.Default.Decode(encoded, file);
        Assert.Equal(Golden.Raw(raw), image.Pixels.ToArray());
    }

    public static TheoryData<string> Photos => [.. Golden.Read<Golden.Picture>("photos.json").Select(picture => picture.File)];

    [SkippableTheory]
    [MemberData(nameof(Photos))]
    public void Photos_equal_those_of_Pillow(string file)
    {
        string path = TestData.Require("photos", file);
        var expected = Golden.Read<Golden.Picture>("photos.json").Single(picture => picture.File == file);
        byte[] encoded = File.ReadAllBytes(path);
        SkipWithout(ImageHeader.Detect(encoded));

        AssertEqual(expected, encoded);
    }

    [SkippableFact]
    public void Transparent_pixels_of_a_GIF_are_black_and_all_others_those_of_Pillow()
    {
        SkipWithout(ImageFormat.Gif);
        byte[] expected = Golden.Raw("apart/transparent.rgba");
        using var image = ImageDecoders.Default.Decode(Golden.Raw("apart/transparent.gif"), "transparent.gif");
        int transparent = 0;
        for (int i = 0; i < 37 * 29; i++)
        {
            bool opaque = expected[(4 * i) + 3] == 255;
            transparent += opaque ? 0 : 1;
            Assert.Equal(opaque ? expected[(4 * i)..((4 * i) + 3)] : [0, 0, 0], image.Pixels.Slice(3 * i, 3).ToArray());
        }

        Assert.InRange(transparent, 1, 36 * 29);
    }

    [SkippableFact]
    public void One_decoder_serves_many_threads()
    {
        SkipWithout(ImageFormat.Jpeg);
        SkipWithout(ImageFormat.Png);
        string[] files = ["jpeg_420.jpg", "png_rgba.png", "jpeg_progressive.jpg", "webp_lossy.webp", "jpeg_cmyk.jpg", "png_interlaced.png"];
        var expected = Golden.Read<Golden.Picture>("images.json").ToDictionary(picture => picture.File, picture => picture.Pixels);
        var encoded = files.ToDictionary(file => file, Golden.Image);
        Parallel.For(0, 600, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i =>
        {
            string file = files[i % files.Length];
            if (i % 50 == 7)
            {
                Assert.Throws<ImageException>(() => ImageDecoders.Default.Decode(encoded[file].AsSpan(0, 150), file));
            }

            using var image = ImageDecoders.Default.Decode(encoded[file], file);
            Assert.Equal(expected[file], Golden.Sha256(image.Pixels));
        });
    }

    [SkippableFact]
    public void Names_tell_library_and_version()
    {
        SkipWithout(ImageFormat.Jpeg);
        SkipWithout(ImageFormat.Gif);
        Assert.Matches(@"^libjpeg-turbo \d+\.\d+(\.\d+)?$", ImageDecoders.Default.NameFor(ImageFormat.Jpeg));
        Assert.Matches(@"^libvips 8\.\d+\.\d+$", ImageDecoders.Default.NameFor(ImageFormat.Gif));
        Assert.Equal("OnnxTransfer PNG 1", ImageDecoders.Default.NameFor(ImageFormat.Png));
        Assert.Equal("OnnxTransfer BMP 1", ImageDecoders.Default.NameFor(ImageFormat.Bmp));
        Assert.Empty(ImageDecoders.Default.Missing);
    }

    internal static void SkipWithout(ImageFormat format) =>
        Skip.IfNot(ImageDecoders.Default.Decodes(format), $"no decoder for {format} here: {string.Join("; ", ImageDecoders.Default.Missing)}");

    private static void AssertEqual(Golden.Picture expected, byte[] encoded)
    {
        using var image = ImageDecoders.Default.Decode(encoded, expected.File);

        Assert.Equal((expected.Width, expected.Height), (image.Width, image.Height));
        Assert.Equal(expected.Pixels, Golden.Sha256(image.Pixels));
        foreach (var (signature, sha256) in expected.Preprocessed)
        {
            var preprocessing = Golden.Preprocessing(signature);
            var result = new byte[preprocessing.ByteCount];
            preprocessing.Apply(image, result);
            Assert.Equal((signature, sha256), (signature, Golden.Sha256(result)));
        }
    }
}
