using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using OnnxTransfer.Backbones;
using OnnxTransfer.Export;
using OnnxTransfer.Heads;
using OnnxTransfer.Inference;
using OnnxTransfer.Prediction;

namespace OnnxTransfer.Benchmarks;

/// <summary>
/// predict save BACKBONE FILE: a fused model with an untrained head of ten classes. predict MODEL PHOTO CALLS: calls
/// <see cref="ImageModel.Predict(string)"/> again and again and prints one JSON line of milliseconds, as peers/predict_torch.py
/// does. benchmarks/latency.py makes the table.
/// </summary>
internal static class PredictRun
{
    private const string Squeezenet = "squeezenet1.1-imagenet";

    /// <summary>Those that are here: the carried one, and one at 224 pixels.</summary>
    public static IEnumerable<string> Backbones => File.Exists(Find(Squeezenet)) ? ["resnet14-cifar10", Squeezenet] : ["resnet14-cifar10"];

    /// <summary>A carried backbone's name as it is, that of another as its file among the outside data.</summary>
    public static string Find(string backbone) => backbone == Squeezenet
        ? Path.Combine(Environment.GetEnvironmentVariable("ONNXTRANSFER_TESTDATA") ?? "", "models", $"{Squeezenet}.onnx")
        : backbone;

    public static int Run(string[] arguments)
    {
        switch (arguments)
        {
            case ["save", var backbone, var file]:
                SaveFused(backbone, file);
                return 0;
            case [var model, var photo, var calls]:
                Measure(model, photo, int.Parse(calls, CultureInfo.InvariantCulture));
                return 0;
            default:
                Console.Error.WriteLine("predict save BACKBONE FILE, or predict MODEL PHOTO CALLS");
                return 2;
        }
    }

    /// <summary>Backbone and a head whose weights are some numbers or other: as fast as a trained one.</summary>
    public static void SaveFused(string name, string file)
    {
        using var backbone = Backbone.Load(name, ExecutionProvider.Cpu);
        float[] weights = [.. Enumerable.Range(0, 10 * backbone.Width).Select(i => MathF.Sin(i) / backbone.Width)];
        FusedModel.Save(file, backbone, new LinearHead(weights, new float[10], Activation.Softmax, [.. Enumerable.Range(0, 10).Select(i => $"class {i}")]));
    }

    private static void Measure(string file, string photo, int calls)
    {
        long start = Stopwatch.GetTimestamp();
        using var model = ImageModel.Load(file, ExecutionProvider.Cpu);
        double load = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        start = Stopwatch.GetTimestamp();
        model.Predict(photo);
        double first = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        for (int i = 0; i < calls / 10; i++)
        {
            model.Predict(photo);
        }

        var times = new double[calls];
        long allocated = GC.GetTotalAllocatedBytes(precise: true);
        for (int i = 0; i < calls; i++)
        {
            start = Stopwatch.GetTimestamp();
            model.Predict(photo);
            times[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
        Array.Sort(times);
        Console.WriteLine(new JsonObject
        {
            ["load"] = load,
            ["first"] = first,
            ["median"] = times[calls / 2],
            ["p99"] = times[calls * 99 / 100],
            ["allocated"] = allocated / calls,
        }.ToJsonString());
    }
}
