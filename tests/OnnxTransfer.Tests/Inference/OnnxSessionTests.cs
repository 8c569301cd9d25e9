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
}
