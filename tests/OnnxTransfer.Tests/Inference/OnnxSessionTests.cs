using System.Runtime.InteropServices;
using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;
using OnnxTransfer.Tests.Onnx;

namespace OnnxTransfer.Tests.Inference;

public class OnnxSessionTests
{
    private static readonly SessionSettings Cpu = new() { Provider = ExecutionProvider.Cpu, Threads = 1 };

    [Fact]
    public void Runs_named_tensors_of_any_batch_size()
    {
        using var session = OnnxSession.Open(Graphs.Relu(2), Cpu);

        Assert.Equal([1, 0], session.Run(Input([1, -1], 1))["y"].Floats);
        Assert.Equal([0, 2, 3, 0], session.Run(Input([-1, 2, 3, -4], 2))["y"].Floats);
        Assert.Equal(ExecutionProvider.Cpu, session.Provider);
        Assert.Null(session.ProviderNote);
    }

    [Fact]
    public void Only_the_outputs_asked_for_are_computed()
    {
        using var session = OnnxSession.Open(HeadGraph.Attach(Graphs.Relu(2), "y", [1, 1], [0], HeadOutput.Value, "sum"), Cpu);

        var found = session.Run(Input([1, 2], 1), ["sum"]);

        Assert.Equal([3], Assert.Single(found).Value.Floats);
    }

    [Fact]
    public void Wrong_inputs_and_outputs_are_refused_by_name()
    {
        using var session = OnnxSession.Open(Graphs.Relu(2), Cpu);
        string Refused(IReadOnlyDictionary<string, TensorValue> inputs, params string[] outputs) =>
            Assert.Throws<InferenceException>(() => session.Run(inputs, outputs.Length > 0 ? outputs : null)).Message;

        Assert.Equal("graph: input float x[N,2] was not given; given: 'z'", Refused(new Dictionary<string, TensorValue> { ["z"] = TensorValue.Of([1f], 1, 1) }));
        Assert.Equal("graph: input 'x' was given as float[1,3]; expected float x[N,2]", Refused(new Dictionary<string, TensorValue> { ["x"] = TensorValue.Of([1, 2, 3f], 1, 3) }));
        Assert.Equal("graph: input 'x' was given as uint8[1,2]; expected float x[N,2]", Refused(new Dictionary<string, TensorValue> { ["x"] = TensorValue.OfBytes(new byte[2], 1, 2) }));
        Assert.Equal("graph: has no input 'z'; its inputs are 'x'", Refused(new Dictionary<string, TensorValue>(Input([1, 2], 1)) { ["z"] = TensorValue.Of([1f], 1, 1) }));
        Assert.Equal("graph: has no output 'w'; its outputs are 'y'", Refused(Input([1, 2], 1), "w"));
    }

    [Fact]
    public void A_graph_the_runtime_refuses_is_named()
    {
        var builder = GraphBuilder.Empty(name: "net");
        builder.Input("x", ElementType.Float, -1, 2);
        builder.NodeInto("y", "NoSuchOperator", ["x"]);
        builder.Output("y");

        var error = Assert.Throws<InferenceException>(() => OnnxSession.Open(builder.Build(), Cpu));

        Assert.StartsWith($"net: ONNX Runtime {ProviderCheck.RuntimeVersion} refuses the model: ", error.Message);
        Assert.Contains("NoSuchOperator", error.Message);
    }

    [Fact]
    public void An_operator_set_newer_than_the_runtime_comes_with_the_cure()
    {
        var builder = GraphBuilder.Empty(99, "net");
        builder.Input("x", ElementType.Float, -1, 2);
        builder.NodeInto("y", "Relu", ["x"]);
        builder.Output("y");

        var error = Assert.Throws<InferenceException>(() => OnnxSession.Open(builder.Build(), Cpu));

        Assert.Matches(
            @"^net: uses operator set 99; ONNX Runtime \S+ knows up to \d+: convert it with onnx\.version_converter\.convert_version\(model, \d+\), "
            + "export it with an older opset_version, or use a newer ONNX Runtime$",
            error.Message);
    }

    [Fact]
    public void A_file_format_newer_than_the_runtime_comes_with_the_cure()
    {
        var proto = Graphs.Relu(2).Proto.Clone();
        proto.IrVersion = 99;

        var error = Assert.Throws<InferenceException>(() => OnnxSession.Open(new OnnxModel(proto, "net"), Cpu));

        Assert.Matches(@"^net: has IR version 99; ONNX Runtime \S+ reads up to \d+: export it with an older onnx package, or use a newer ONNX Runtime$", error.Message);
    }

    [Fact]
    public void A_model_that_needs_more_memory_than_there_is_is_refused_before_it_is_run()
    {
        var error = Assert.Throws<InferenceException>(() => OnnxSession.Open(Huge(), Cpu));

        Assert.Matches(
            @"^net: a run of batch 1 needs 17592\.[0-9] GB for its tensors; expected at most the [0-9.]+ GB that this process may use: "
            + "choose a smaller batch, a smaller input or an earlier tap$",
            error.Message);
    }

    [Fact]
    public void The_memory_of_a_gpu_is_not_that_of_the_process() => MemoryNeed.Check(Huge(), 1, ExecutionProvider.Cuda);

    [Fact]
    public void A_model_of_float16_runs_on_the_cpu_with_the_numbers_of_float32()
    {
        var (weights, x) = (Graphs.Floats(6 * 27, 1), TensorValue.Of(Graphs.Floats(2 * 3 * 64, 2), 2, 3, 8, 8));
        OnnxModel Net(ElementType type)
        {
            var builder = GraphBuilder.Empty();
            builder.Input("x", ElementType.Float, -1, 3, 8, 8);
            var w = builder.Node("Cast", [builder.Floats("w", weights, 6, 3, 3, 3)], "w_typed", ("to", (int)type));
            var y = builder.Node("Relu", [builder.Node("Conv", [builder.Node("Cast", ["x"], "x_typed", ("to", (int)type)), w], "conv")], "relu");
            builder.NodeInto("y", "Cast", [builder.Node("GlobalAveragePool", [y], "mean")], ("to", (int)ElementType.Float));
            builder.Output("y");
            return builder.Build();
        }

        var (half, single) = (Graphs.Run(Net(ElementType.Float16), ("x", x)).Floats, Graphs.Run(Net(ElementType.Float), ("x", x)).Floats);

        Graphs.Near(single, half, 2e-3f);
        Assert.NotEqual(single, half);
    }

    [Fact]
    public void A_run_that_fails_is_named()
    {
        var builder = GraphBuilder.Empty(name: "net");
        builder.Input("x", ElementType.Float, -1, 2);
        builder.Input("indices", ElementType.Int64, 1);
        builder.NodeInto("y", "Gather", ["x", "indices"], ("axis", 1));
        builder.Output("y");
        using var session = OnnxSession.Open(builder.Build(), Cpu);
        var inputs = new Dictionary<string, TensorValue>(Input([1, 2], 1)) { ["indices"] = TensorValue.OfLongs([9L], 1) };

        var error = Assert.Throws<InferenceException>(() => session.Run(inputs));

        Assert.StartsWith("net: ONNX Runtime failed on cpu: ", error.Message);
    }

    [SkippableFact]
    public void Usage_data_are_off_in_the_native_environment()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "getenv of libc is asked");
        _ = ProviderCheck.RuntimeVersion;

        Assert.Equal("1", Marshal.PtrToStringUTF8(GetEnv("ORT_DISABLE_TELEMETRY")));
    }

    [Fact]
    public void Values_must_fill_the_shape() => Assert.Equal(
        "3 values do not fill a tensor of shape [2, 2] (Parameter 'values')",
        Assert.Throws<ArgumentException>(() => TensorValue.Of([1, 2, 3f], 2, 2)).Message);

    private static Dictionary<string, TensorValue> Input(float[] values, int rows) => new() { ["x"] = TensorValue.Of(values, rows, values.Length / rows) };

    [DllImport("libc", EntryPoint = "getenv")]
    private static extern IntPtr GetEnv([MarshalAs(UnmanagedType.LPUTF8Str)] string name);

    /// <summary>A network of few bytes that wants 17.6 TB.</summary>
    private static OnnxModel Huge()
    {
        var builder = GraphBuilder.Empty(name: "net");
        builder.Input("x", ElementType.Float, -1, 1, 2, 2);
        long[] pads = [1 << 20, 1 << 20, 1 << 20, 1 << 20];
        builder.NodeInto("y", "Conv", ["x", builder.Floats("w", [1], 1, 1, 1, 1)], ("pads", pads));
        builder.Output("y");
        return builder.Build();
    }
}
