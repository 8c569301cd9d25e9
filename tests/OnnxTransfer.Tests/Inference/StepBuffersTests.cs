using Microsoft.ML.OnnxRuntime;
using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Tests.Inference;

public sealed class StepBuffersTests
{
    private static readonly SessionSettings Cpu = new() { Provider = ExecutionProvider.Cpu, Threads = 1 };
    private static readonly Dictionary<string, string> Carried = new() { ["sum"] = "next" };

    [Fact]
    public void What_a_run_writes_the_next_one_reads()
    {
        using var session = OnnxSession.Open(Sum(), Cpu);
        using var buffers = session.CreateStepBuffers(Carried);
        Check(session, buffers);
    }

    /// <summary>The way of a GPU, with memory of the runtime's own on the host in place of the device's.</summary>
    [Fact]
    public void Carried_tensors_may_lie_in_memory_of_the_runtimes_own()
    {
        using var session = OnnxSession.Open(Sum(), Cpu);
        using var memory = new OrtMemoryInfo("Cpu", OrtAllocatorType.DeviceAllocator, 0, OrtMemType.Default);
        using var buffers = session.CreateStepBuffers(Carried, memory);
        Check(session, buffers);
    }

    [Fact]
    public void Misuse_is_refused()
    {
        using var session = OnnxSession.Open(Sum(), Cpu);
        using var other = OnnxSession.Open(Sum(), Cpu);
        using var buffers = session.CreateStepBuffers(Carried);
        Assert.Throws<ArgumentException>(() => other.Run(buffers));
        Assert.Equal("3 values for 'sum', which holds 2", Assert.Throws<ArgumentException>(() => buffers.Write<float>("sum", new float[3])).Message);
        Assert.Equal("the tensor holds Single, not Double", Assert.Throws<InvalidOperationException>(() => buffers.Input<double>("x").Length).Message);
    }

    [Fact]
    public void A_dimension_left_open_is_refused()
    {
        var builder = GraphBuilder.Empty();
        builder.Input("x", ElementType.Float, -1, 2);
        builder.NodeInto("y", "Relu", ["x"]);
        builder.Output("y", ElementType.Float, -1, 2);
        using var session = OnnxSession.Open(builder.Build(), Cpu);
        Assert.Equal(
            "'x' has the shape [-1, 2]; what is bound once needs every dimension fixed",
            Assert.Throws<InferenceException>(() => session.CreateStepBuffers(new Dictionary<string, string>())).Message);
    }

    private static void Check(OnnxSession session, StepBuffers buffers)
    {
        buffers.Write<float>("sum", [10, 20]);
        for (int i = 1; i <= 3; i++)
        {
            buffers.Input<float>("x")[0] = i;
            buffers.Input<float>("x")[1] = 2 * i;
            session.Run(buffers);
        }

        var sum = new float[2];
        buffers.Read<float>("sum", sum);
        Assert.Equal([16f, 32f], sum);
        Assert.Equal([13f, 26f], buffers.Output<float>("before").ToArray());
    }

    // next = sum + x; before = sum.
    private static OnnxModel Sum()
    {
        var builder = GraphBuilder.Empty();
        builder.Input("x", ElementType.Float, 2);
        builder.Input("sum", ElementType.Float, 2);
        builder.NodeInto("next", "Add", ["sum", "x"]);
        builder.NodeInto("before", "Identity", ["sum"]);
        builder.Output("next", ElementType.Float, 2);
        builder.Output("before", ElementType.Float, 2);
        return builder.Build();
    }
}
