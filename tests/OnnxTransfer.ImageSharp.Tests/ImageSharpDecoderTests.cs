using OnnxTransfer.Imaging;
using OnnxTransfer.Tests.Imaging;

namespace OnnxTransfer.ImageSharp.Tests;

/// <summary>ImageSharp's pixels against Pillow's, format by format.</summary>
public class ImageSharpDecoderTests
{
    // Its chroma is not subsampled, so that the inverse DCT alone differs.
    private static readonly string[] FullChroma = ["jpeg_444.jpg", "jpeg_grey.jpg", "jpeg_cmyk.jpg", "jpeg_ycck.jpg"];

    private static readonly ImageDecoders Decoders = new([new ImageSharpDecoder()]);

    public static TheoryData<string> Jpegs => Files(ImageFormat.Jpeg);

    public static TheoryData<string> Others => Files(ImageFormat.Png, ImageFormat.WebP, ImageFormat.Gif, ImageFormat.Tiff);

    [Theory]
    [MemberData(nameof(Others))]
    public void Pixels_equal_those_of_Pillow(string file)
    {
        var expected = Golden.Read<Golden.Picture>("images.json").Single(picture => picture.File == file);
        using var image = Decoders.Decode(Golden.Image(file), file);

        Assert.Equal((expected.Width, expected.Height), (image.Width, image.Height));
        Assert.Equal(expected.Pixels, Golden.Sha256(image.Pixels));
    }

    [Theory]
    [InlineData("jpeg_ycck.jpg", "jpeg_ycck.rgb", 0.05, 2)]
    [InlineData("jpeg_420.jpg", "jpeg_420.rgb", 7, 90)]
    public void A_JPEG_is_near_Pillow(string file, string raw, double mean, int most)
    {
        using var image = Decoders.Decode(Golden.Image(file), file);
        AssertNear(Golden.Raw(raw), image.Pixels, mean, most);
    }

    /// <summary>Against libjpeg-turbo, whose pixels are Pillow's. The pictures are nothing but hard edges between colours.</summary>
    [SkippableTheory]
    [MemberData(nameof(Jpegs))]
    public void A_JPEG_is_near_libjpeg(string file)
    {
        SkipWithoutLibJpeg();
        byte[] encoded = Golden.Image(file);
        using var expected = ImageDecoders.Default.Decode(encoded, file);
        using var image = Decoders.Decode(encoded, file);
        Assert.Equal((expected.Width, expected.Height), (image.Width, image.Height));
        bool full = FullChroma.Contains(file);
        AssertNear(expected.Pixels, image.Pixels, full ? 0.05 : 8, full ? 2 : 90);
    }

    [SkippableTheory]
    [InlineData("hot_dog.jpg")]
    [InlineData("parrot.jpg")]
    [InlineData("cat_720p.jpg")]
    public void A_preprocessed_photo_is_near_libjpeg(string file)
    {
        string? data = Environment.GetEnvironmentVariable("ONNXTRANSFER_TESTDATA");
        Skip.If(data is null, "ONNXTRANSFER_TESTDATA is not set");
        string path = Path.Combine(data, "photos", file);
        Skip.IfNot(File.Exists(path), $"{path} is not there");
        SkipWithoutLibJpeg();
        byte[] encoded = File.ReadAllBytes(path);

        AssertNear(Preprocessed(ImageDecoders.Default, encoded, file), Preprocessed(Decoders, encoded, file), mean: 0.28, most: 255);
    }

    [Fact]
    public void Transparent_pixels_of_a_GIF_are_black_and_all_others_those_of_Pillow()
    {
        byte[] expected = Golden.Raw("apart/transparent.rgba");
        using var image = Decoders.Decode(Golden.Raw("apart/transparent.gif"), "transparent.gif");
        for (int i = 0; i < 37 * 29; i++)
        {
            Assert.Equal(
                expected[(4 * i) + 3] == 255 ? expected[(4 * i)..((4 * i) + 3)] : [0, 0, 0],
                image.Pixels.Slice(3 * i, 3).ToArray());
        }
    }

    [Fact]
    public void The_name_tells_the_version() => Assert.Matches(@"^ImageSharp 3\.1\.\d+$", new ImageSharpDecoder().Name);

    [Fact]
    public void BMP_HEIF_and_JPEG_XL_are_left_to_others()
    {
        var decoder = new ImageSharpDecoder();
        Assert.Equal(
            [ImageFormat.Jpeg, ImageFormat.Png, ImageFormat.WebP, ImageFormat.Gif, ImageFormat.Tiff],
            Enum.GetValues<ImageFormat>().Where(decoder.Decodes));
    }

    [Fact]
    public void Registered_it_stands_behind_the_native_decoders()
    {
        string[] before = [.. ImageDecoders.Default.Names];
        var decoder = new ImageSharpDecoder();
        ImageDecoders.Register(decoder);
        Assert.Equal([.. before, decoder.Name], ImageDecoders.Default.Names);
        Assert.True(ImageDecoders.Default.Decodes(ImageFormat.Png));
    }

    [Fact]
    public void One_decoder_serves_many_threads()
    {
        string[] files = ["png_rgba.png", "webp_lossy.webp", "png_interlaced.png", "gif.gif", "tiff_lzw.tif"];
        var expected = Golden.Read<Golden.Picture>("images.json").ToDictionary(picture => picture.File, picture => picture.Pixels);
        Parallel.For(0, 200, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i =>
        {
            string file = files[i % files.Length];
            using var image = Decoders.Decode(Golden.Image(file), file);
            Assert.Equal(expected[file], Golden.Sha256(image.Pixels));
        });
    }

    private static TheoryData<string> Files(params ImageFormat[] formats) => [.. Golden.Read<Golden.Picture>("images.json")
        .Select(picture => picture.File).Where(file => formats.Contains(ImageHeader.Detect(Golden.Image(file))))];

    private static void SkipWithoutLibJpeg() => Skip.IfNot(
        ImageDecoders.Default.Names.Any(name => name.StartsWith("libjpeg-turbo", StringComparison.Ordinal)),
        $"no libjpeg-turbo to compare with: {string.Join("; ", ImageDecoders.Default.Missing)}");

    private static byte[] Preprocessed(ImageDecoders decoders, byte[] encoded, string file)
    {
        var preprocessing = PixelPreprocessing.ShorterSide(256, 224);
        var result = new byte[preprocessing.ByteCount];
        using var image = decoders.Decode(encoded, file);
        preprocessing.Apply(image, result);
        return result;
    }

    private static void AssertNear(ReadOnlySpan<byte> expected, ReadOnlySpan<byte> found, double mean, int most)
    {
        Assert.Equal(expected.Length, found.Length);
        long sum = 0;
        int largest = 0;
        for (int i = 0; i < found.Length; i++)
        {
            int difference = Math.Abs(expected[i] - found[i]);
            sum += difference;
            largest = Math.Max(largest, difference);
        }

        Assert.InRange((double)sum / found.Length, 0, mean);
        Assert.InRange(largest, 0, most);
    }
}
