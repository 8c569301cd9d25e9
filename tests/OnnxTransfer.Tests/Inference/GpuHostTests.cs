using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;
using OnnxTransfer.Tests.Onnx;

namespace OnnxTransfer.Tests.Inference;

/// <summary>What is done on the host for a GPU.</summary>
public sealed class GpuHostTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_fastest_way_stays_open_and_the_others_are_closed()
    {
        var ways = new[] { new Way(.005), new Way(.002), new Way(.003) };

        var (kept, note) = SearchTrial.Fastest<Way>([("a", () => ways[0]), ("b", () => ways[1]), ("c", () => ways[2])], way => way.Seconds);

        Assert.Same(ways[1], kept);
        Assert.Equal([true, false, true], ways.Select(way => way.IsClosed));
        Assert.Equal("convolutions by the b search, measured per batch: a 5.00 ms, b 2.00 ms, c 3.00 ms", note);
    }

    [Fact]
    public void Of_equally_fast_ways_the_first_stays()
    {
        var ways = new[] { new Way(1), new Way(1) };

        Assert.Same(ways[0], SearchTrial.Fastest<Way>([("a", () => ways[0]), ("b", () => ways[1])], way => way.Seconds).Kept);
        Assert.True(ways[1].IsClosed);
    }

    [Fact]
    public void A_way_that_fails_leaves_nothing_open()
    {
        var ways = new[] { new Way(1), new Way(double.NaN) };

        Assert.Throws<InferenceException>(() => SearchTrial.Fastest<Way>(
            [("a", () => ways[0]), ("b", () => ways[1])], way => double.IsNaN(way.Seconds) ? throw new InferenceException("no") : way.Seconds));
        Assert.All(ways, way => Assert.True(way.IsClosed));
    }

    [Fact]
    public void Measuring_a_session_takes_its_batches()
    {
        using var session = OnnxSession.Open(Graphs.Relu(3), new() { Provider = ExecutionProvider.Cpu, BatchSize = 2, Threads = 1 });

        Assert.True(SearchTrial.SecondsOfBatch(session) > 0);
    }

    [Fact]
    public void Ordinary_memory_is_zeroed_and_stays_in_place()
    {
        using var memory = new HostMemory<float>(5, device: null);
        memory.Span[4] = 7;
        using var value = memory.ToRuntime(Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Float, [5]);

        Assert.Null(memory.LockFailure);
        Assert.Equal([0, 0, 0, 0, 7], value.GetTensorDataAsSpan<float>().ToArray());
    }

    [SkippableFact]
    public void Page_locked_memory_is_zeroed_and_refused_once_given_back()
    {
        Skip.If(GpuDevice.All().Count == 0, "no GPU here");
        var memory = new HostMemory<float>(5, device: 0);
        Assert.Null(memory.LockFailure);
        memory.Span[4] = 7;
        using (var value = memory.ToRuntime(Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Float, [5]))
        {
            Assert.Equal([0, 0, 0, 0, 7], value.GetTensorDataAsSpan<float>().ToArray());
        }

        memory.Dispose();

        Assert.Throws<ObjectDisposedException>(() => memory.Span.Length);
    }

    [SkippableFact]
    public void Without_a_gpu_memory_is_ordinary_and_says_why()
    {
        Skip.If(GpuDevice.All().Count > 0, "a GPU is here");
        using var memory = new HostMemory<byte>(5, device: 0);
        memory.Span.Fill(3);

        Assert.Matches("^(the CUDA runtime \\(libcudart\\) cannot be loaded|CUDA error [0-9]+: .+)$", memory.LockFailure);
        Assert.Equal([3, 3, 3, 3, 3], memory.Span.ToArray());
    }

    [SkippableFact]
    public void Gpus_are_named()
    {
        var devices = GpuDevice.All();
        Skip.If(devices.Count == 0, "no GPU here");

        Assert.All(devices, device => Assert.True(device.Name.Length > 0 && device.FreeBytes > 0 && device.FreeBytes <= device.MemoryBytes, $"{device}"));
        Assert.Equal(Enumerable.Range(0, devices.Count), devices.Select(device => device.Number));
    }

    [Fact]
    public void Engines_of_other_weights_batches_gpus_and_options_lie_apart()
    {
        var settings = new SessionSettings { Provider = ExecutionProvider.TensorRT, BatchSize = 8 };
        string Make(byte[] model, string? content = null, SessionSettings? how = null, string gpu = "NVIDIA H200", string version = "1.29.0") =>
            EngineFolder.Make(_folder["engines"], model, content, how ?? settings, gpu, version);
        var first = Make([1, 2]);

        Assert.Equal(first, Make([1, 2], how: settings with { Threads = 3 }));
        Assert.True(Directory.Exists(first));
        Assert.Equal(_folder["engines"], Path.GetDirectoryName(first));
        string[] others =
        [
            Make([1, 3]), Make([1, 2], "other weights"), Make([1, 2], how: settings with { BatchSize = 16 }), Make([1, 2], how: settings with { ComputesInHalf = true }),
            Make([1, 2], gpu: "NVIDIA H100"), Make([1, 2], version: "1.30.0"),
        ];
        Assert.Equal(7, others.Append(first).Distinct().Count());
    }

    [Fact]
    public void Half_is_a_model_all_of_whose_factors_are()
    {
        var conv = Convolution();

        Assert.False(HalfWeights.Only(Graphs.Relu(3)));
        Assert.False(HalfWeights.Only(conv));
        Assert.True(HalfWeights.Only(HalfPrecision.Convert(conv)));
    }

    private static OnnxModel Convolution()
    {
        var builder = GraphBuilder.Empty();
        builder.Input("x", ElementType.Float, -1, 3, 8, 8);
        builder.NodeInto("y", "Conv", ["x", builder.Floats("w", Graphs.Floats(6 * 27, 1), [6, 3, 3, 3])]);
        builder.Output("y", ElementType.Float, -1, 6, 6, 6);
        return builder.Build();
    }

    private sealed class Way(double seconds) : IDisposable
    {
        public double Seconds => seconds;

        public bool IsClosed { get; private set; }

        public void Dispose() => IsClosed = true;
    }
}
