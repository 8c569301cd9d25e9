using OnnxTransfer.Backbones;
using OnnxTransfer.Inference;

namespace OnnxTransfer.Benchmarks;

/// <summary>A backbone at a precision on a provider, and whether that can be measured here.</summary>
public sealed record InferCase(string Name, string Path, Precision Precision, ExecutionProvider Provider)
{
    private static readonly Lazy<(InferCase[] Here, string[] Absent)> Found = new(Find);

    /// <summary>Those that load here.</summary>
    public static IEnumerable<InferCase> Here => Found.Value.Here;

    /// <summary>Why others have no row.</summary>
    public static IEnumerable<string> Absent => Found.Value.Absent;

    /// <summary>For tables: "resnet18 fp32 cpu".</summary>
    public override string ToString() => $"{Name} {Precision.ToString().ToLowerInvariant()} {Provider.ToString().ToLowerInvariant()}";

    // The backbone the project carries, and every .onnx file in the folders of ONNXTRANSFER_BENCHMARK_MODELS.
    private static (InferCase[] Here, string[] Absent) Find()
    {
        var (here, absent) = (new List<InferCase>(), new List<string>());
        string places = Environment.GetEnvironmentVariable("ONNXTRANSFER_BENCHMARK_MODELS") ?? "";
        var files = places.Split(System.IO.Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .SelectMany(place => Directory.EnumerateFiles(place, "*.onnx")).Order(StringComparer.Ordinal)
            .Select(path => (Name: System.IO.Path.GetFileNameWithoutExtension(path), Path: path));
        foreach (var (name, path) in files.Prepend((Name: "resnet14-cifar10", Path: "resnet14-cifar10")))
        {
            foreach (var (precision, provider) in new[] { (Precision.Fp32, ExecutionProvider.Cpu), (Precision.Fp32, ExecutionProvider.Cuda), (Precision.Fp16, ExecutionProvider.Cuda) })
            {
                var one = new InferCase(name, path, precision, provider);
                try
                {
                    Backbone.Load(path, provider, new BackboneSettings { Precision = precision }).Dispose();
                    here.Add(one);
                }
                catch (OnnxTransferException error)
                {
                    absent.Add($"{one}: {error.Message}");
                }
            }
        }

        return ([.. here], [.. absent]);
    }
}
