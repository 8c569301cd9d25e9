using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;
using OnnxTransfer.Tests.Numerics;
using OnnxTransfer.Training;
using OnnxTransfer.Training.Losses;

namespace OnnxTransfer.Tests.Training;

public sealed class StepGraphTests
{
    private const int Rows = 6, Width = 12, Hidden = 8, Classes = 5, Steps = 10;
    private static readonly SessionSettings Cpu = new() { Provider = ExecutionProvider.Cpu, Threads = 1 };
    private static readonly string[] Weights = ["w1", "b1", "w2", "b2"];

    private static readonly Dictionary<string, Optimizer> Optimizers = new()
    {
        ["adam"] = new Adam(),
        ["adam with decay"] = new Adam { Decoupled = false },
        ["adamw"] = new Adam(),
        ["sgd"] = new Sgd { Momentum = 0, Nesterov = false },
        ["momentum"] = new Sgd { Nesterov = false },
        ["nesterov"] = new Sgd(),
    };

    public static TheoryData<string> Names => [.. Optimizers.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Ten_steps_end_at_pytorchs_weights(string name)
    {
        var golden = GoldenFile.Read("Training", "steps.json");
        var expected = golden.GetProperty("cases").EnumerateArray().Single(c => c.GetProperty("name").GetString() == name);
        using var session = Open(Optimizers[name], expected.Double("decay"));
        double[] losses = [.. Enumerable.Range(0, Steps).Select(step => Step(session, step, expected.Double("rate")))];
        Assert.All(expected.Doubles("losses").Zip(losses), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        Assert.All(expected.GetProperty("weights").EnumerateArray().Index(), weight =>
        {
            double[] reference = [.. weight.Item.EnumerateArray().Select(v => v.GetDouble())];
            var found = new float[reference.Length];
            session.Read<float>(Weights[weight.Index], found);
            Assert.All(reference.Zip(found), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        });
    }

    [Fact]
    public void A_step_leaves_next_to_no_garbage()
    {
        using var session = Open(new Adam(), 0);
        Step(session, 0, 0.01);
        session.Step(0.01);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            session.Step(0.01);
        }

        long perStep = (GC.GetAllocatedBytesForCurrentThread() - before) / 100;
        Assert.True(perStep < 4000, $"{perStep} bytes a step");
    }

    [Fact]
    public void Rows_of_weight_0_change_no_step()
    {
        using var one = Open(new Adam(), 0);
        using var other = Open(new Adam(), 0);
        foreach (var session in new[] { one, other })
        {
            Fill(session, 0);
            session.Input<float>("weights")[4..].Clear();
        }

        other.Input<float>("x")[(4 * Width)..].Fill(7);
        Assert.Equal(one.Step(0.01), other.Step(0.01));
        float[] first = new float[Hidden * Width], second = new float[Hidden * Width];
        one.Read<float>("w1", first);
        other.Read<float>("w1", second);
        Assert.Equal(first, second);
    }

    [Fact]
    public void A_weight_that_is_not_there_is_named()
    {
        var error = Assert.ThrowsAny<OnnxTransferException>(() => StepGraph.Build(Forward(), "loss", [new Trainable("w3")], new Sgd(), Rows));
        Assert.Contains("'w3'", error.Message, StringComparison.Ordinal);
    }

    private static TrainingSession Open(Optimizer optimizer, double decay) => TrainingSession.Open(
        StepGraph.Build(Forward(), "loss", [.. Weights.Select(name => new Trainable(name, name[0] == 'w' ? decay : 0))], optimizer, Rows), Cpu);

    private static OnnxModel Forward()
    {
        var start = GoldenFile.Read("Training", "steps.json").GetProperty("start").EnumerateArray()
            .Select(w => w.EnumerateArray().Select(v => v.GetSingle()).ToArray()).ToArray();
        var builder = GraphBuilder.Empty();
        builder.Input("x", ElementType.Float, -1, Width);
        builder.Input("targets", ElementType.Float, -1, Classes);
        builder.Input("weights", ElementType.Float, -1);
        builder.Floats("w1", start[0], Hidden, Width);
        builder.Floats("b1", start[1], Hidden);
        builder.Floats("w2", start[2], Classes, Hidden);
        builder.Floats("b2", start[3], Classes);
        string hidden = builder.Node("Relu", [builder.Node("Gemm", ["x", "w1", "b1"], "sums", ("transB", 1))], "hidden");
        string outputs = builder.Node("Gemm", [hidden, "w2", "b2"], "outputs", ("transB", 1));
        builder.Output(new SoftmaxCrossEntropy(0.1).AddSum(builder, outputs, "targets", "weights", Classes, ElementType.Float));
        return builder.Build();
    }

    private static double Step(TrainingSession session, int step, double rate)
    {
        Fill(session, step);
        return session.Step(rate);
    }

    private static void Fill(TrainingSession session, int step)
    {
        var golden = GoldenFile.Read("Training", "steps.json");
        golden.Floats("x").AsSpan(step * Rows * Width, Rows * Width).CopyTo(session.Input<float>("x"));
        session.Input<float>("weights").Fill(1f / Rows);
        var targets = session.Input<float>("targets");
        targets.Clear();
        int[] labels = golden.Integers("labels");
        for (int i = 0; i < Rows; i++)
        {
            targets[(i * Classes) + labels[(step * Rows) + i]] = 1;
        }
    }
}
