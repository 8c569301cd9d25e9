using OnnxTransfer.Imaging;

namespace OnnxTransfer.Tests.Imaging;

/// <summary>Nothing is left to the garbage collector but a few small objects for each image, whatever its size.</summary>
public class DecodingAllocationTests
{
    private const int Images = 100, Most = 1000;

    [SkippableTheory]
    [InlineData("jpeg_420.jpg")]
    [InlineData("jpeg_cmyk.jpg")]
    [InlineData("png_rgb.png")]
    [InlineData("png_palette.png")]
    [InlineData("png_interlaced.png")]
    [InlineData("bmp_24.bmp")]
    [InlineData("bmp_8.bmp")]
    [InlineData("gif.gif")]
    [InlineData("tiff_rgb.tif")]
    [InlineData("webp_lossy.webp")]
    public void Decoding_resizing_and_cropping_allocate_less_than_a_kilobyte(string file)
    {
        byte[] encoded = Golden.Image(file);
        DecodingTests.SkipWithout(ImageHeader.Detect(encoded));
        var preprocessing = PixelPreprocessing.ShorterSide(18, 16);
        var pixels = new byte[preprocessing.ByteCount];
        Work();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Work();
        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / Images, 0, Most - 1);

        void Work()
        {
            for (int i = 0; i < Images; i++)
            {
                using var image = ImageDecoders.Default.Decode(encoded, file);
                preprocessing.Apply(image, pixels, file);
            }
        }
    }
}
