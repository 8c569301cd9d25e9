using BenchmarkDotNet.Attributes;
using OnnxTransfer.Imaging;

namespace OnnxTransfer.Benchmarks;

/// <summary>640 x 480 pixels to 341 x 256, by every path that gives Pillow's bytes.</summary>
[PerImage(640 * 480 * 3)]
public class Resize
{
    private const int Width = 341, Height = 256;
    private readonly byte[] resized = new byte[Width * Height * 3];
    private readonly RgbImage image = new(640, 480);

    [Params(Interpolation.Bilinear, Interpolation.Bicubic)]
    public Interpolation Filter { get; set; }

    [GlobalSetup]
    public void Fill() => Photo.Scene(640, 480, 1).CopyTo(image.Pixels);

    [Benchmark(Baseline = true)]
    public byte[] Scalar() => ScalarResizer.Resize(image.Pixels, 640, 480, Width, Height, Filter);

    [Benchmark]
    public void Portable() => PillowResizer.Resize(
        image, Width, Height, Filter, new PixelWindow(0, 0, Width, Height), resized, 3 * Width, portable: true);

    /// <summary>What users get: AVX2 where the processor has it.</summary>
    [Benchmark]
    public void Vectorised() => PillowResizer.Resize(image, Width, Height, Filter, resized);
}
