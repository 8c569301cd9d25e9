using OnnxTransfer.Imaging;

namespace OnnxTransfer.Tests.Imaging;

/// <summary>Every container that shows its end shows a cut, and no whole file is called cut.</summary>
public class CutFileTests
{
    public static TheoryData<string> Files => [.. Golden.Read<Golden.Picture>("images.json").Select(picture => picture.File)];

    [Theory]
    [MemberData(nameof(Files))]
    public void A_whole_file_is_not_cut(string file)
    {
        byte[] encoded = Golden.Image(file);
        Assert.False(CutFile.Is(encoded, ImageHeader.Detect(encoded)));
    }

    [Theory]
    [InlineData("jpeg_420.jpg")]
    [InlineData("png_rgb.png")]
    [InlineData("webp_lossy.webp")]
    [InlineData("gif.gif")]
    [InlineData("gif_animated.gif")]
    [InlineData("tiff_rgb.tif")]
    [InlineData("tiff_lzw.tif")]
    [InlineData("tiff_orientation6.tif")]
    public void Every_cut_before_the_last_pixel_shows(string file)
    {
        byte[] encoded = Golden.Image(file);
        int whole = file == "gif_animated.gif" ? 300 : encoded.Length - 11;
        for (int length = 20; length < whole; length++)
        {
            Assert.True(CutFile.Is(encoded.AsSpan(0, length), ImageHeader.Detect(encoded)), $"{length} of {encoded.Length} bytes");
        }
    }
}
