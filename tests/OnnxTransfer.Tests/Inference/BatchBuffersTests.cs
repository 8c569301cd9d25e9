using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;
using OnnxTransfer.Tests.Onnx;

namespace OnnxTransfer.Tests.Inference;

public class BatchBuffersTests
{
    private const int Batch = 4;
    private static readonly SessionSettings Cpu = new() { Provider = ExecutionProvider.Cpu, Threads = 1, BatchSize = Batch };

    // uint8 [N,2,2,3] -> relu((x/255 - 0.5) / 0.5), flattened: 12 numbers; and their average per channel: 3 numbers.
    private static OnnxModel Net()
    {
        var model = PixelInput.Prepend(Graphs.Relu(3, 2, 2), "x", 2, 2, [.5f, .5f, .5f], [.5f, .5f, .5f]);
        model = Pooling.Attach(model, "y", TapPooling.None, [3, 2, 2], "all");
        return Pooling.Attach(model, "y", TapPooling.Average, [3, 2, 2], "average");
    }

    [Fact]
    public void A_partly_filled_batch_gives_its_rows_whatever_the_rest_holds()
    {
        using var session = OnnxSession.Open(Net(), Cpu);
        using var buffers = session.CreateBuffers();
        buffers.Bytes.Fill(200);
        session.Run(buffers, Batch);
        var full = buffers.OutputRow(0, 0).ToArray();

        buffers.Bytes.Fill(13);
        buffers.Image(0).Fill(200);
        session.Run(buffers, 1);

        Assert.Equal(1, buffers.Count);
        Assert.Equal([12, 3], buffers.OutputWidths);
        Assert.Equal(full, buffers.Output(0).ToArray());
        Assert.Equal(12, full.Length);
        Graphs.Near([.. Enumerable.Repeat(((200 / 255f) - .5f) / .5f, 3)], buffers.OutputRow(1, 0), 1e-6f);
    }

    [Fact]
    public void Rows_equal_those_of_single_runs()
    {
        var pixels = new byte[Batch * 12];
        new Random(3).NextBytes(pixels);
        using var session = OnnxSession.Open(Net(), Cpu);
        using var single = OnnxSession.Open(Net(), Cpu with { BatchSize = 0 });
        using var buffers = session.CreateBuffers();
        pixels.CopyTo(buffers.Bytes);

        session.Run(buffers, Batch);

        for (var i = 0; i < Batch; i++)
        {
            var alone = single.Run(new Dictionary<string, TensorValue> { ["pixels"] = TensorValue.OfBytes(pixels[(i * 12)..((i + 1) * 12)], 1, 2, 2, 3) });
            Assert.Equal(alone["all"].Floats, buffers.OutputRow(0, i).ToArray());
            Graphs.Near(alone["average"].Floats, buffers.OutputRow(1, i), 1e-6f);
        }
    }

    [Fact]
    public void Runs_leave_next_to_no_garbage()
    {
        using var session = OnnxSession.Open(Net(), Cpu);
        using var buffers = session.CreateBuffers();
        session.Run(buffers, Batch);
        session.Run(buffers, Batch);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            session.Run(buffers, Batch);
        }

        var perRun = (GC.GetAllocatedBytesForCurrentThread() - before) / 100;
        Assert.True(perRun < 1000, $"{perRun} bytes a run");
    }

    [Fact]
    public async Task Two_buffers_can_run_at_once()
    {
        using var session = OnnxSession.Open(Net(), Cpu);
        var tasks = Enumerable.Range(0, 2).Select(worker => Task.Run(() =>
        {
            using var buffers = session.CreateBuffers();
            for (var i = 0; i < 200; i++)
            {
                var value = (byte)((i + (worker * 37)) % 256);
                buffers.Bytes.Fill(value);
                session.Run(buffers, Batch);
                Assert.Equal(MathF.Max(0, ((value / 255f) - .5f) / .5f), buffers.OutputRow(1, Batch - 1)[2], 1e-5f);
            }
        }));

        await Task.WhenAll(tasks);
    }

    [Fact]
    public void Float_inputs_work_too()
    {
        using var session = OnnxSession.Open(Graphs.Relu(3), Cpu);
        using var buffers = session.CreateBuffers();
        buffers.Item(1)[2] = 7;

        session.Run(buffers, 2);

        Assert.Equal([0, 0, 7], buffers.OutputRow(0, 1).ToArray());
        Assert.Equal(12, buffers.Floats.Length);
        Assert.True(buffers.Bytes.IsEmpty);
    }

    [Fact]
    public void Misuse_is_refused()
    {
        using var session = OnnxSession.Open(Net(), Cpu);
        using var other = OnnxSession.Open(Net(), Cpu);
        using var buffers = session.CreateBuffers();

        Assert.Throws<ArgumentOutOfRangeException>(() => session.Run(buffers, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => session.Run(buffers, Batch + 1));
        Assert.Throws<ArgumentException>(() => other.Run(buffers, 1));
        using var dynamic = OnnxSession.Open(Net(), Cpu with { BatchSize = 0 });
        Assert.Contains("set SessionSettings.BatchSize", Assert.Throws<InvalidOperationException>(dynamic.CreateBuffers).Message);
    }

    [Fact]
    public void A_fixed_batch_of_another_size_is_refused()
    {
        var error = Assert.Throws<InferenceException>(() => OnnxSession.Open(OnnxModel.Load(Golden.PathOf("old.onnx")), Cpu));

        Assert.EndsWith(
            "old.onnx: its input is float image[1,3,4,4], and batches of 4 were asked for; expected a named first dimension: "
            + "make it so with BatchDimension.Free, or export the model with a dynamic batch",
            error.Message);
    }

    [Fact]
    public void Outputs_that_are_not_rows_are_refused()
    {
        using var session = OnnxSession.Open(Graphs.Relu(3, 2, 2), Cpu);

        Assert.Equal(
            "graph: output 'y' is Float of shape [4, 3, 2, 2]; batches need float rows of a fixed width: pool it with Pooling.Attach",
            Assert.Throws<InferenceException>(session.CreateBuffers).Message);
    }
}
