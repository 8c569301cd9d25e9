using System.Text.Json;
using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;
using OnnxTransfer.Tests.Numerics;
using OnnxTransfer.Training;

namespace OnnxTransfer.Tests.Training;

/// <summary>Endings of ResNet-18 and VGG-11, and a residual network with batch norms in training, against PyTorch.</summary>
public sealed class SuffixTests
{
    private static readonly JsonElement Golden = GoldenFile.Read("Training", "suffixes.json");

    public static TheoryData<string> Names => ["resnet18", "vgg11", "resnet8"];

    [Theory]
    [MemberData(nameof(Names))]
    public void Gradients_of_the_whole_equal_pytorchs(string name)
    {
        var golden = Case(name);
        var net = Network(golden);
        var (forward, _) = TrainingBatchNorm.Lower(net.Model);
        var builder = GraphBuilder.Over(forward);
        int batch = Golden.GetProperty("batch").GetInt32();
        var gradients = Differentiation.Gradients(builder, forward, TensorShapes.Infer(forward, batch), "loss", net.Weights);
        gradients.ToList().ForEach(gradient => builder.Output(gradient));
        using var session = OnnxSession.Open(builder.Build(), new SessionSettings { Provider = ExecutionProvider.Cpu, Threads = 1 });
        var (x, targets) = Rows(golden);
        var found = session.Run(new Dictionary<string, TensorValue>
        {
            ["x"] = TensorValue.Of(x, [batch, .. Shape(golden)]),
            ["targets"] = TensorValue.Of(targets, batch, targets.Length / batch),
        });
        Assert.Equal(golden.Double("loss"), found["loss"].Floats[0], 1e-5);
        foreach (var (weight, gradient) in net.Weights.Zip(gradients))
        {
            Near(golden.GetProperty("weights").GetProperty(weight).GetProperty("gradient"), found[gradient].Floats, 1e-5, weight);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Ten_steps_end_at_pytorchs_weights(string name)
    {
        var golden = Case(name);
        foreach (var run in golden.GetProperty("runs").EnumerateArray())
        {
            var net = Network(golden);
            Optimizer optimizer = run.GetProperty("optimizer").GetString() == "adamw" ? new Adam() : new Sgd();
            Trainable[] weights = [.. net.Weights.Select(weight => new Trainable(weight, run.Double("decay")))];
            var (forward, statistics) = TrainingBatchNorm.Lower(net.Model);
            var step = StepGraph.Build(forward, "loss", weights, optimizer, Golden.GetProperty("batch").GetInt32(), statistics: statistics);
            using var session = TrainingSession.Open(step, new SessionSettings { Provider = ExecutionProvider.Cpu, Threads = 1 });
            var (x, targets) = Rows(golden);
            x.CopyTo(session.Input<float>("x"));
            targets.CopyTo(session.Input<float>("targets"));
            Assert.All(run.Doubles("losses"), loss => Assert.Equal(loss, session.Step(run.Double("rate")), 1e-4));
            foreach (var weight in run.GetProperty("weights").EnumerateObject().Where(weight => step.Carried.ContainsKey(weight.Name)))
            {
                var found = new float[step.Model.Input(weight.Name).Dimensions!.Aggregate(1L, (a, b) => a * b)];
                session.Read<float>(weight.Name, found);
                Near(weight.Value, found, 1e-3, weight.Name);
            }
        }
    }

    private static void Near(JsonElement told, float[] found, double tolerance, string what)
    {
        double norm = told.Double("norm");
        Assert.Equal(norm, Math.Sqrt(found.Sum(v => (double)v * v)), tolerance * norm);
        double[] samples = told.Doubles("samples");
        int step = told.GetProperty("step").GetInt32();
        double largest = Math.Max(samples.Max(Math.Abs), norm / Math.Sqrt(found.Length));
        Assert.All(samples.Index(), sample => Assert.True(
            Math.Abs(sample.Item - found[sample.Index * step]) <= tolerance * largest, $"{what}[{sample.Index * step}] is {found[sample.Index * step]}; expected {sample.Item}"));
    }

    private static JsonElement Case(string name) => Golden.GetProperty("cases").EnumerateArray().Single(c => c.GetProperty("name").GetString() == name);

    private static long[] Shape(JsonElement golden) => [.. golden.GetProperty("shape").EnumerateArray().Select(dim => dim.GetInt64())];

    private static SuffixNetwork Network(JsonElement golden) =>
        SuffixNetwork.Of(golden.GetProperty("name").GetString()!, Shape(golden), Golden.GetProperty("batch").GetInt32(), Golden.GetProperty("classes").GetInt32());

    // Activations are what a Relu leaves; the pixels of the network with batch norms in training are of both signs.
    private static (float[] X, float[] Targets) Rows(JsonElement golden)
    {
        int batch = Golden.GetProperty("batch").GetInt32(), classes = Golden.GetProperty("classes").GetInt32();
        bool activations = golden.GetProperty("name").GetString() != "resnet8";
        double[] x = SuffixNetwork.Draw(100, Shape(golden).Aggregate((long)batch, (a, b) => a * b));
        var targets = new float[batch * classes];
        for (int i = 0; i < batch; i++)
        {
            targets[(i * classes) + (i % classes)] = 1;
        }

        return ([.. x.Select(v => (float)(activations ? Math.Max(0, 2 * v) : 2 * v))], targets);
    }
}
