using OnnxTransfer.Imaging;

namespace OnnxTransfer.Tests.Imaging;

public class PixelPreprocessingTests
{
    [Theory]
    [InlineData(500, 375, 256, 341, 256)]
    [InlineData(375, 500, 256, 256, 341)]
    [InlineData(224, 224, 256, 256, 256)]
    [InlineData(3, 7, 5, 5, 11)]
    [InlineData(1, 1000, 4, 4, 4000)]
    public void The_longer_side_is_cut_to_whole_pixels(int width, int height, int size, int resizedWidth, int resizedHeight) =>
        Assert.Equal((resizedWidth, resizedHeight), PixelPreprocessing.ShorterSide(size, 1).ResizedSize(width, height));

    [Fact]
    public void The_signature_says_everything()
    {
        Assert.Equal("shorterSide 256 bilinear crop 224x224", PixelPreprocessing.ShorterSide(256, 224).ToString());
        Assert.Equal("exact 20x30 bicubic crop 20x30", PixelPreprocessing.Exact(20, 30, Interpolation.Bicubic).Signature);
        Assert.Equal(20 * 30 * 3, PixelPreprocessing.Exact(20, 30).ByteCount);
    }

    [Fact]
    public void Contradictions_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => PixelPreprocessing.ShorterSide(0, 1));
        using var image = Golden.Noise(4, 4, 1);
        var twoSizes = PixelPreprocessing.Exact(5, 6) with { Resize = ResizeRule.ShorterSide };
        var error = Assert.Throws<ArgumentException>(() => twoSizes.Apply(image, new byte[twoSizes.ByteCount]));
        Assert.Equal("shorterSide needs one size, but height is 5 and width 6; set both the same, or use ResizeRule.Exact", error.Message);
        var shorter = Assert.Throws<ArgumentException>(() => PixelPreprocessing.Exact(5, 6).Apply(image, new byte[89]));
        Assert.Contains("89 bytes given, but exact 5x6 bilinear crop 5x6 writes 90", shorter.Message);
    }

    [Fact]
    public void An_extremely_narrow_image_is_refused_by_name()
    {
        using var image = new RgbImage(1, 10_000_000);
        var error = Assert.Throws<ImageException>(() => PixelPreprocessing.ShorterSide(256, 1).Apply(image, new byte[3], "strip.png"));
        Assert.Contains("too narrow for shorterSide 256 bilinear crop 1x1: the longer side would become 2560000000 pixels; crop the image or remove it", error.Message);
        Assert.Equal(("strip.png", ImageFault.TooLarge), (error.File, error.Fault));
    }

    [Fact]
    public void Raw_pixels_become_images()
    {
        using var grey = RgbImage.FromGrey8([1, 2], 2, 1);
        Assert.Equal([1, 1, 1, 2, 2, 2], grey.Pixels.ToArray());
        using var planar = RgbImage.FromPlanarRgb8([1, 2, 3, 4, 5, 6], 1, 2);
        Assert.Equal([1, 3, 5, 2, 4, 6], planar.Pixels.ToArray());
        Assert.Contains("3 bytes given, but the image holds 2", Assert.Throws<ArgumentException>(() => RgbImage.FromGrey8([1, 2, 3], 2, 1)).Message);
        Assert.Contains("2 bytes given, but the image holds 6", Assert.Throws<ArgumentException>(() => RgbImage.FromPlanarRgb8([1, 2], 2, 1)).Message);
    }

    [Fact]
    public void A_disposed_image_shows_nothing()
    {
        var image = new RgbImage(1, 1);
        image.Dispose();
        image.Dispose();
        Assert.Throws<ObjectDisposedException>(() => image.Pixels.Length);
    }
}
