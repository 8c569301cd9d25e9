using BenchmarkDotNet.Attributes;
using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Export;
using OnnxTransfer.Heads;
using OnnxTransfer.Inference;

namespace OnnxTransfer.Benchmarks;

/// <summary>
/// The README's ten lines on 512 small JPEG files of two classes: from the folder to the fused file, with nothing cached and with all
/// embeddings there. Time and memory an image.
/// </summary>
[PerImage]
public class EndToEnd
{
    private const int Images = 512;

    private WorkFolder folder = null!;
    private string photos = "";
    private string warm = "";

    [GlobalSetup]
    public void Write()
    {
        folder = new WorkFolder();
        photos = folder.New();
        Photo.WriteScenes(Path.Combine(photos, "first"), Images / 2, 96, 96);
        Photo.WriteScenes(Path.Combine(photos, "second"), Images / 2, 128, 96);
        warm = folder.New();
        Run(warm);
    }

    [GlobalCleanup]
    public void Delete() => folder.Dispose();

    [Benchmark(Baseline = true, OperationsPerInvoke = Images)]
    public double Cold() => Run(folder.New());

    [Benchmark(OperationsPerInvoke = Images)]
    public double Warm() => Run(warm);

    private double Run(string place)
    {
        var (train, test) = ImageFolder.Open(photos).Split(testFraction: 0.2, seed: 42);
        using var backbone = Backbone.Load("resnet14-cifar10", ExecutionProvider.Cpu);
        using var cache = EmbeddingCache.Open(place);
        var head = new LogisticRegression { L2 = 1e-3f }.Fit(backbone.Embed(train, cache));
        FusedModel.Save(Path.Combine(place, "fused.onnx"), backbone, head);
        return head.Evaluate(backbone.Embed(test, cache)).Main;
    }
}
