using BenchmarkDotNet.Attributes;
using OnnxTransfer.Imaging;

namespace OnnxTransfer.Benchmarks;

/// <summary>Encoded bytes to pixels, and on to 224 x 224 as a backbone wants them: what peers/decode_pillow.py does.</summary>
[PerImage]
public class Decode
{
    private static readonly PixelPreprocessing Preprocessing = PixelPreprocessing.ShorterSide(256, 224);
    private readonly byte[] pixels = new byte[Preprocessing.ByteCount];

    private static readonly Lazy<ImageDecoders> Scaled = new(() => ImageDecoders.Default.WithJpeg(JpegDecoding.Scaled, Preprocessing));

    public static IEnumerable<Photo> Photos => Photo.All;

    public static IEnumerable<Photo> Jpegs => Photo.All.Where(photo => photo.Format == ImageFormat.Jpeg);

    [Benchmark(Baseline = true)]
    [ArgumentsSource(nameof(Photos))]
    public int DecodeOnly(Photo photo)
    {
        using var image = ImageDecoders.Default.Decode(photo.Bytes, photo.Name);
        return image.Width;
    }

    [Benchmark]
    [ArgumentsSource(nameof(Photos))]
    public byte DecodeResizeCrop(Photo photo)
    {
        using var image = ImageDecoders.Default.Decode(photo.Bytes, photo.Name);
        Preprocessing.Apply(image, pixels);
        return pixels[0];
    }

    /// <summary>JPEG at the smallest scale of its inverse DCT that leaves 512 pixels: --jpeg scaled.</summary>
    [Benchmark]
    [ArgumentsSource(nameof(Jpegs))]
    public byte ScaledDecodeResizeCrop(Photo photo)
    {
        using var image = Scaled.Value.Decode(photo.Bytes, photo.Name);
        Preprocessing.Apply(image, pixels);
        return pixels[0];
    }
#if HAS_IMAGESHARP

    /// <summary>The managed decoder, for machines without native libraries.</summary>
    [Benchmark]
    [ArgumentsSource(nameof(SharpPhotos))]
    public byte ImageSharpDecodeResizeCrop(Photo photo)
    {
        using var image = Sharp.Decode(photo.Bytes, photo.Name);
        Preprocessing.Apply(image, pixels);
        return pixels[0];
    }

    public static IEnumerable<Photo> SharpPhotos => Photo.All.Where(photo => Sharp.Decodes(photo.Format));

    private static readonly ImageDecoders Sharp = new([new ImageSharp.ImageSharpDecoder()]);
#endif
}
