using BenchmarkDotNet.Attributes;
using OnnxTransfer.Imaging;
using OnnxTransfer.Inference;
using OnnxTransfer.Prediction;

namespace OnnxTransfer.Benchmarks;

/// <summary>
/// One encoded JPEG to its answer in this process, by the carried backbone and, where ONNXTRANSFER_TESTDATA has it, by SqueezeNet
/// at 224 pixels. Percentiles of single calls are benchmarks/latency.py's.
/// </summary>
[PerImage]
public class Predict
{
    private readonly Photo photo = Photo.All.First(photo => ImageHeader.Detect(photo.Bytes) == ImageFormat.Jpeg);
    private WorkFolder folder = null!;
    private ImageModel model = null!;

    /// <summary>Names or files of backbones.</summary>
    public static IEnumerable<string> Backbones => PredictRun.Backbones;

    [ParamsSource(nameof(Backbones))]
    public string Backbone { get; set; } = "";

    [GlobalSetup]
    public void Load()
    {
        folder = new WorkFolder();
        string file = Path.Combine(folder.Path, "fused.onnx");
        PredictRun.SaveFused(PredictRun.Find(Backbone), file);
        model = ImageModel.Load(file, ExecutionProvider.Cpu);
    }

    [GlobalCleanup]
    public void Unload()
    {
        model.Dispose();
        folder.Dispose();
    }

    [Benchmark]
    public float One() => model.Predict(photo.Bytes, photo.Name)[0].Probability;
}
