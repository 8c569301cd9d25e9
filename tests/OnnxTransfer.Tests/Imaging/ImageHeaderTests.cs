using OnnxTransfer.Imaging;

namespace OnnxTransfer.Tests.Imaging;

public class ImageHeaderTests
{
    [Theory]
    [InlineData("FFD8FFE0", ImageFormat.Jpeg)]
    [InlineData("89504E470D0A1A0A", ImageFormat.Png)]
    [InlineData("524946460000000057454250", ImageFormat.WebP)]
    [InlineData("524946460000000057415645", ImageFormat.Unknown)]
    [InlineData("474946383961", ImageFormat.Gif)]
    [InlineData("474946383761", ImageFormat.Gif)]
    [InlineData("424D0000000000000000000000002800000000", ImageFormat.Bmp)]
    [InlineData("424D206973206120636172206D616B6572", ImageFormat.Unknown)]
    [InlineData("49492A00", ImageFormat.Tiff)]
    [InlineData("4D4D002A", ImageFormat.Tiff)]
    [InlineData("0000001C66747970686569630000", ImageFormat.Heif)]
    [InlineData("0000001C66747970617669660000", ImageFormat.Heif)]
    [InlineData("0000001C667479706D7034320000", ImageFormat.Unknown)]
    [InlineData("FF0A", ImageFormat.JpegXl)]
    [InlineData("0000000C4A584C200D0A870A", ImageFormat.JpegXl)]
    [InlineData("FFD8", ImageFormat.Unknown)]
    [InlineData("", ImageFormat.Unknown)]
    public void Formats_are_told_by_their_first_bytes(string hex, ImageFormat format)
    {
        Assert.Equal(format, ImageHeader.Detect(Convert.FromHexString(hex)));
        Assert.Equal(new ImageHeader(format, 0, 0), ImageHeader.Read(Convert.FromHexString(hex)));
    }

    [Fact]
    public void Sizes_are_read_from_every_golden_image()
    {
        foreach (string path in Directory.EnumerateFiles(Path.Combine(Golden.Folder, "images")))
        {
            var header = ImageHeader.Read(File.ReadAllBytes(path));
            var expected = path.Contains("odd_sampling", StringComparison.Ordinal) ? (32, 32) : (37, 29);
            Assert.Equal((path, expected), (path, (header.Width, header.Height)));
        }
    }

    [Fact]
    public void A_size_beyond_an_int_reads_as_the_largest()
    {
        byte[] png = Golden.Image("png_rgb.png");
        png[16] = 0xFF;
        Assert.Equal(int.MaxValue, ImageHeader.Read(png).Width);
        var error = Assert.Throws<ImageException>(() => ImageDecoders.Default.Decode(png, "a.png"));
        Assert.Equal(ImageFault.TooLarge, error.Fault);
    }

    [Theory]
    [InlineData("jpeg_exif1.jpg", 1)]
    [InlineData("jpeg_exif7.jpg", 7)]
    [InlineData("png_exif6.png", 6)]
    [InlineData("webp_exif8.webp", 8)]
    [InlineData("tiff_orientation6.tif", 6)]
    [InlineData("jpeg_420.jpg", 1)]
    [InlineData("gif.gif", 1)]
    public void The_orientation_is_found(string file, int orientation)
    {
        byte[] encoded = Golden.Image(file);
        Assert.Equal(orientation, ExifOrientation.Find(encoded, ImageHeader.Detect(encoded)));
    }

    [SkippableFact]
    public void A_library_that_is_absent_is_no_error_and_a_missing_function_is_named()
    {
        Assert.False(NativeImageLibrary.TryLoad(["libnosuchlibrary.so.1"], [], out _));
        Skip.IfNot(OperatingSystem.IsLinux(), "libc.so.6 is the library loaded here");
        Assert.True(NativeImageLibrary.TryLoad(["libnosuchlibrary.so.1", "libc.so.6"], ["libnosuchcompanion.so"], out var library));
        Assert.NotEqual(0, library["strlen"]);
        Assert.Contains("libc", NativeImageLibrary.FileOf(library["strlen"]));
        Assert.Equal("the function no_such_function is missing", Assert.Throws<EntryPointNotFoundException>(() => library["no_such_function"]).Message);
    }
}
