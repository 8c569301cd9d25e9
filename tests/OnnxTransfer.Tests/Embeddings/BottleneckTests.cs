using OnnxTransfer.Backbones;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Inference;
using OnnxTransfer.Tests.Backbones;

namespace OnnxTransfer.Tests.Embeddings;

public sealed class BottleneckTests : IDisposable
{
    private static readonly ImageSort Photos = new(187_500, IsJpeg: true);
    private static readonly WorkDivision TwoCores = new(Threads: 2, Decoders: 2, Runs: 2, Waiting: 50);

    private readonly TinyBackbone _tiny = new();

    public void Dispose() => _tiny.Dispose();

    [Fact]
    public void Arithmetic() => Assert.Equal(
        "infer: the backbone's arithmetic, 160.0 ms an image and 80 % of the time; a smaller backbone, int8 (models quantize) or a GPU would help",
        Of(Photos, 0.02, 0.16, 0.1, 1.6, 0.05));

    [Fact]
    public void Large_photos() => Assert.Equal(
        "decode: JPEGs of 12.0 megapixels, 40.0 ms an image, of which decoding takes 92 %; --jpeg scaled, which decodes no finer than needed, a GPU decoder (--jpeg gpu) or more cores would help",
        Of(new(12_000_000, IsJpeg: true), 0.02, 0.369, 0.011, 0.1, 0.05, seconds: 0.25));

    [Fact]
    public void Other_formats_gain_nothing_by_scaling() => Assert.Equal(
        "decode: images of 0.2 megapixels, 180.0 ms an image, of which decoding takes 89 %; more cores or smaller images would help",
        Of(Photos with { IsJpeg = false }, 0.1, 1.6, 0.1, 0.1, 0.05));

    [Theory]
    [InlineData(3.5, false)]
    [InlineData(4.5, true)]
    public void Photos_are_scaled_where_half_of_them_is_twice_what_they_are_resized_to(double timesTheSize, bool helps)
    {
        using var backbone = Backbone.Load("tiny", ExecutionProvider.Cpu, new BackboneSettings { Catalogue = _tiny.Catalogue });
        var side = timesTheSize * backbone.Preprocessing.Height;

        Assert.Equal(helps, Of(new(side * side * 4 / 3, IsJpeg: true), 0.1, 1.6, 0.1, 0.1, 0.05).Contains("--jpeg scaled", StringComparison.Ordinal));
    }

    [Fact]
    public void Resizing() => Assert.StartsWith("resize: JPEGs of 0.2 megapixels, 100.0 ms an image; ", Of(Photos, 0.1, 0.4, 1.0, 0.2, 0.05), StringComparison.Ordinal);

    [Fact]
    public void Icons() => Assert.Equal(
        "overhead: JPEGs of about 32x32 pixels, 70 % of the time is neither decoding nor inference but finding, opening, reading and hashing files; fewer, larger files would help, such as CIFAR or idx binaries",
        Of(new(1024, IsJpeg: true), 0.8, 0.2, 0.1, 0.3, 0.05));

    [Fact]
    public void A_slow_disk_of_images() => Assert.Equal(
        "read: threads wait for the disk of the images 75 % of their time; a faster disk, or --decode-threads 8 to read more files at once, would help",
        Of(Photos, 1.6, 0.1, 0.1, 0.1, 0.05, readCpu: 0.1));

    [Fact]
    public void A_slow_disk_of_the_cache() => Assert.Equal(
        "write: the disk of the cache is busy 95 % of the time and the threads wait 60 % of theirs; a cache on a faster disk would help",
        Of(Photos, 0.1, 0.2, 0.1, 0.4, 0.95, waited: 1.2));

    private string Of(ImageSort images, double read, double decode, double resize, double infer, double write, double waited = 0, double seconds = 1, double? readCpu = null)
    {
        StageWork Stage(string name, double busy, int threads) => new(name, busy, 10) { Utilisation = busy / (threads * seconds) };
        StageWork[] work = [Stage("read", read, 2), Stage("decode", decode, 2), Stage("resize", resize, 2), Stage("infer", infer, 2), Stage("write", write, 1)];
        work[0] = work[0] with { CpuSeconds = readCpu ?? read };
        using var backbone = Backbone.Load("tiny", ExecutionProvider.Cpu, new BackboneSettings { Catalogue = _tiny.Catalogue });
        return Bottleneck.Of(work, TwoCores, new("all", (2 * seconds) - waited, 10), seconds, images, backbone);
    }
}
