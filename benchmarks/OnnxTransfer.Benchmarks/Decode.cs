using BenchmarkDotNet.Attributes;
using OnnxTransfer.Imaging;

namespace OnnxTransfer.Benchmarks;

/// <summary>Encoded bytes to pixels, and on to 224 x 224 as a backbone wants them: what peers/decode_pillow.py does.</summary>
[PerImage]
public class Decode
{
    private static readonly PixelPreprocessing Preprocessing = PixelPreprocessing.ShorterSide(256, 224);
    private readonly byte[] pixels = new byte[Preprocessing.ByteCount];

    public static IEnumerable<Photo> Photos => Photo.All;

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
}
