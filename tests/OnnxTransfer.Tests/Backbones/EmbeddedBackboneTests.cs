using OnnxTransfer.Backbones;
using OnnxTransfer.Imaging;
using OnnxTransfer.Inference;

namespace OnnxTransfer.Tests.Backbones;

/// <summary>The backbones of models/ give what PyTorch gave where they were trained.</summary>
public class EmbeddedBackboneTests
{
    [SkippableFact]
    public void Embedded_backbones_equal_their_golden_embedding()
    {
        Skip.If(Outside.Embedded is null, "no embedded backbone in models/");
        var entries = new BackboneCatalogue(Outside.Embedded!).List().Where(e => e.Description.Golden is not null && File.Exists(e.ModelPath)).ToArray();
        Assert.NotEmpty(entries);

        foreach (var entry in entries)
        {
            var golden = entry.Description.Golden!;
            using var backbone = Backbone.Load(entry.DescriptionPath, ExecutionProvider.Cpu, new() { Taps = golden.Taps, Threads = 1 });
            using var buffers = backbone.CreateBuffers();
            var imagePath = Path.Combine(Path.GetDirectoryName(entry.DescriptionPath)!, golden.Image);
            using var image = ImageDecoders.Default.Decode(File.ReadAllBytes(imagePath), imagePath);
            backbone.Preprocessing.Apply(image, buffers.Image(0));

            backbone.Run(buffers, 1);

            var embedding = Enumerable.Range(0, golden.Taps.Count).SelectMany(i => buffers.OutputRow(i, 0).ToArray()).ToArray();
            var (difference, cosine) = golden.Compare(embedding);
            Assert.True(difference <= 1e-4 && cosine >= 0.99999, $"{entry.Description.Name}: difference {difference}, cosine {cosine}");
        }
    }

    [Fact]
    public void Compare_measures_difference_and_cosine()
    {
        var golden = new GoldenDescription("x.png", ["a"], [3, 4]);

        Assert.Equal((0, 1), golden.Compare([3, 4]));
        Assert.Equal((0.25, 24.0 / 25), golden.Compare([4, 3]));
        Assert.Throws<ArgumentException>(() => golden.Compare([1]));
    }
}
