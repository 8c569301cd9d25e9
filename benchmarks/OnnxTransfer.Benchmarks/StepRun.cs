using System.Diagnostics;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using OnnxTransfer.Inference;
using OnnxTransfer.Numerics;
using OnnxTransfer.Training;
using OnnxTransfer.Training.Losses;

namespace OnnxTransfer.Benchmarks;

/// <summary>
/// steps NAME BATCH THREADS SECONDS: training steps of a network of <see cref="StepNetwork"/>, or epochs of the perceptron of <see cref="Epoch"/>
/// (NAME mlp), for so many seconds, after one that is not counted; and where the time of a step goes (profile NAME BATCH THREADS).
/// Each prints one JSON line; benchmarks/steps.py holds them against PyTorch.
/// </summary>
internal static class StepRun
{
    private const int Classes = 10;
    private const double Rate = 1e-3;

    public static int Steps(string name, int batch, int threads, int seconds)
    {
        if (name == "mlp")
        {
            var epoch = new Epoch();
            epoch.Plant();
            return Print(() => epoch.Run(threads), seconds);
        }

        using var session = TrainingSession.Open(
            Graph(name, batch), new SessionSettings { Provider = Inference.ExecutionProvider.Cpu, Threads = threads });
        Fill(session.Input<float>("x"), session.Input<float>(ForwardGraph.Targets), session.Input<float>(ForwardGraph.RowWeights));
        return Print(() => session.Step(Rate), seconds);
    }

    /// <summary>Milliseconds of each operator in a step, the mean of three, as ONNX Runtime tells them.</summary>
    public static int Profile(string name, int batch, int threads)
    {
        var graph = Graph(name, batch);
        string folder = Directory.CreateTempSubdirectory().FullName;
        using var options = new SessionOptions { IntraOpNumThreads = threads, ProfileOutputPathPrefix = Path.Combine(folder, "profile"), EnableProfiling = true };
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        using var session = new InferenceSession(graph.ForCpu().Proto.ToByteArray(), options);
        var random = new SeededRandom(2);
        OrtValue[] inputs = [.. session.InputNames.Select(input => Value(graph, input, session.InputMetadata[input], random))];
        using var run = new RunOptions();
        const int Runs = 3;
        for (int i = 0; i <= Runs; i++)
        {
            session.Run(run, session.InputNames, inputs, session.OutputNames).Dispose();
        }

        var events = JsonNode.Parse(File.ReadAllText(session.EndProfiling()))!.AsArray().Select(e => e!.AsObject()).ToArray();
        Array.ForEach(inputs, input => input.Dispose());
        Directory.Delete(folder, recursive: true);

        // The first run is not counted: it grows the arena.
        double begin = events.Where(e => (string?)e["name"] == "model_run").Min(e => (double)e["ts"]! + (double)e["dur"]!);
        var operators = new JsonObject();
        foreach (var group in events.Where(e => (string?)e["cat"] == "Node" && ((string)e["name"]!).EndsWith("kernel_time", StringComparison.Ordinal) && (double)e["ts"]! >= begin)
            .GroupBy(e => (string)e["args"]!["op_name"]!).OrderByDescending(group => group.Sum(e => (double)e["dur"]!)))
        {
            operators[group.Key] = new JsonArray(group.Sum(e => (double)e["dur"]!) / 1000 / Runs, group.Count() / Runs);
        }

        Console.WriteLine(new JsonObject { ["operators"] = operators }.ToJsonString());
        return 0;
    }

    private static StepGraph Graph(string name, int batch)
    {
        var network = name == "layer4" ? StepNetwork.Layer4() : StepNetwork.ResNet20();
        var forward = ForwardGraph.Of(network, new SoftmaxCrossEntropy());
        return StepGraph.Build(forward.Model, forward.Loss, network.Weights, new Sgd(), batch, statistics: forward.Statistics);
    }

    private static OrtValue Value(StepGraph graph, string name, NodeMetadata input, SeededRandom random)
    {
        long[] shape = Array.ConvertAll(input.Dimensions, dim => (long)dim);
        long count = shape.Aggregate(1L, (a, b) => a * b);
        return input.ElementType == typeof(double)
            ? OrtValue.CreateTensorValueFromMemory([.. Enumerable.Repeat(Rate, (int)count)], shape)
            : OrtValue.CreateTensorValueFromMemory(
                graph.Weights.TryGetValue(name, out var weight) ? Onnx.TensorData.Floats(weight)!
                : name.Contains("_state", StringComparison.Ordinal) ? new float[count] : [.. Enumerable.Range(0, (int)count).Select(_ => (float)random.NextDouble() / Classes)],
                shape);
    }

    private static void Fill(Span<float> x, Span<float> targets, Span<float> weights)
    {
        var random = new SeededRandom(2);
        foreach (ref float value in x)
        {
            value = (float)Math.Max(0, random.NextGaussian());
        }

        for (int i = 0; i < weights.Length; i++)
        {
            targets[(i * Classes) + (i % Classes)] = 1;
            weights[i] = 1f / weights.Length;
        }
    }

    private static int Print(Action step, int seconds)
    {
        step();
        var times = new JsonArray();
        var clock = Stopwatch.StartNew();
        using var process = Process.GetCurrentProcess();
        var before = process.TotalProcessorTime;
        while (times.Count == 0 || clock.Elapsed.TotalSeconds < seconds)
        {
            long start = Stopwatch.GetTimestamp();
            step();
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        process.Refresh();
        double cpu = (process.TotalProcessorTime - before).TotalMilliseconds / times.Count;
        Console.WriteLine(new JsonObject { ["milliseconds"] = times, ["cpuMilliseconds"] = cpu }.ToJsonString());
        return 0;
    }
}
