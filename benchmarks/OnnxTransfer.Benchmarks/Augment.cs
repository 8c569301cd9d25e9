using BenchmarkDotNet.Attributes;
using OnnxTransfer.Imaging;

namespace OnnxTransfer.Benchmarks;

/// <summary>Decoded pixels to augmented ones, as a backbone wants them, a new seed each time: what peers/augment_torchvision.py does.</summary>
[PerImage]
public class Augment
{
    private static readonly PixelPreprocessing Large = PixelPreprocessing.ShorterSide(256, 224), Small = PixelPreprocessing.Exact(32, 32);
    private readonly byte[] pixels = new byte[Large.ByteCount];
    private readonly RgbImage photo = new(640, 480), cifar = new(32, 32);
    private Augmentation augmentation = new();
    private ulong seed;

    /// <summary>One operation each, then the usual recipes of photos and of CIFAR.</summary>
    [Params("none", "crop:0.5-1", "flip:1", "rotate:15", "color:0.2", "hue:0.1", "cutout:0.25", "crop:0.5-1,flip,rotate:15,color:0.2", "pad:4,flip,cutout:16px")]
    public string Text { get; set; } = "none";

    [GlobalSetup]
    public void Fill()
    {
        Photo.Scene(640, 480, 1).CopyTo(photo.Pixels);
        Photo.Scene(32, 32, 1).CopyTo(cifar.Pixels);
        augmentation = Augmentation.Parse(Text);
    }

    /// <summary>640 x 480 to 224 x 224.</summary>
    [Benchmark]
    public void Photo224() => augmentation.Apply(photo, Large, seed++, pixels);

    /// <summary>32 x 32 as it is.</summary>
    [Benchmark]
    public void Cifar32() => augmentation.Apply(cifar, Small, seed++, pixels);
}
