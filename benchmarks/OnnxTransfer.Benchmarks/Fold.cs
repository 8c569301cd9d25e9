using BenchmarkDotNet.Attributes;
using OnnxTransfer.Inference;
using OnnxTransfer.Numerics;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Benchmarks;

/// <summary>
/// Networks as they were exported, and with their batch norms folded into their convolutions, one image a run on one thread.
/// ONNX Runtime optimises both as it loads them, and folds by itself what stands behind a convolution.
/// </summary>
[PerImage]
public class Fold
{
    private Dictionary<string, TensorValue> image = null!;
    private OnnxSession session = null!;

    /// <summary>Networks with batch norms are among the outside test data; without them the project's own, which has none left, stands in.</summary>
    public static IEnumerable<string> Networks
    {
        get
        {
            var folder = Path.Combine(Environment.GetEnvironmentVariable("ONNXTRANSFER_TESTDATA") ?? "", "models");
            string[] found = [.. new[] { "resnet20-cifar10", "resnet50v2-stage3-imagenet" }.Where(n => File.Exists(Path.Combine(folder, $"{n}.onnx")))];
            return found.Length > 0 ? found : ["resnet14-cifar10"];
        }
    }

    [ParamsSource(nameof(Networks))]
    public string Network { get; set; } = "";

    [GlobalSetup(Target = nameof(AsExported))]
    public void LoadAsExported() => Load(model => model);

    [GlobalSetup(Target = nameof(Folded))]
    public void LoadFolded() => Load(BatchNormFolding.Fold);

    [GlobalCleanup]
    public void Unload() => session.Dispose();

    [Benchmark(Baseline = true)]
    public object AsExported() => session.Run(image);

    [Benchmark]
    public object Folded() => session.Run(image);

    private void Load(Func<OnnxModel, OnnxModel> change)
    {
        var outside = Environment.GetEnvironmentVariable("ONNXTRANSFER_TESTDATA");
        var folder = Network == "resnet14-cifar10" ? AppContext.BaseDirectory : outside!;
        var model = change(OnnxModel.Load(Path.Combine(folder, "models", $"{Network}.onnx")));
        session = OnnxSession.Open(model, new SessionSettings { Provider = ExecutionProvider.Cpu, Threads = 1 });
        long[] shape = [1, .. model.Inputs[0].Dimensions!.Skip(1)];
        var random = new SeededRandom(1);
        var values = new float[shape.Aggregate(1L, (a, b) => a * b)];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = random.NextInt(256) / 128f - 1;
        }

        image = new() { [model.Inputs[0].Name] = TensorValue.Of(values, shape) };
    }
}
