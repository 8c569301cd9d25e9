using System.Runtime.InteropServices;
using System.Text.Json;
using OnnxTransfer.Onnx;
using OnnxTransfer.Tests.Numerics;
using OnnxTransfer.Training;
using OnnxTransfer.Training.Losses;

namespace OnnxTransfer.Tests.Training;

/// <summary>Whole trainings against PyTorch's: see golden/make_fits.py.</summary>
public sealed class NetworkFitGoldenTests
{
    private const int Rows = 6;
    private static readonly JsonElement Golden = GoldenFile.Read("Training", "fits.json");

    // Two steps an epoch.
    private static readonly TrainingSettings Settings = new() { Epochs = 5, BatchSize = Rows, Threads = 1 };

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(1)]
    public void Rates_of_groups_clipping_class_weights_smoothing_and_warm_up_take_pytorchs_steps(int microBatch)
    {
        var settings = Settings with
        {
            MicroBatch = microBatch, LearningRate = 0.05, ClipNorm = 0.6, LabelSmoothing = 0.1, Schedule = LearningRateSchedule.Cosine() with { WarmUp = 2 },
        };
        Check("perceptron", Perceptron(), new SoftmaxCrossEntropy(0, [0.5, 1, 2, 1.5, 0.7]), 5, settings);
    }

    [Fact]
    public void Batch_norms_in_training_and_one_cycle_take_pytorchs_steps() =>
        Check("convolution", Convolution(), new SoftmaxCrossEntropy(), 3, Settings with { LearningRate = 0.1, Optimizer = new Sgd(), Schedule = LearningRateSchedule.OneCycle() });

    [Fact]
    public void One_cycle_equals_torchs()
    {
        Assert.All(Golden.Doubles("one cycle").Index(), rate => Assert.Equal(rate.Item, LearningRateSchedule.OneCycle().Over(5).Factor(rate.Index, 4), 1e-12));
        Assert.All(
            Golden.Doubles("one cycle, other settings").Index(),
            rate => Assert.Equal(rate.Item, LearningRateSchedule.OneCycle(0.4, 0.1, 5).Factor(rate.Index, 3), 1e-12));
    }

    private static void Check(string name, TrainableNetwork network, GraphLoss loss, int classes, TrainingSettings settings)
    {
        var golden = Golden.GetProperty(name);
        var told = new List<TrainingProgress>();
        var trained = NetworkFit.Run(network, loss, new InOrder(golden.Floats("x"), golden.Integers("labels"), classes), null, settings, told.Add);
        double[] losses = [.. told.Select(step => step.Rows == Rows ? step.Loss : (2 * step.Loss) - told[(2 * step.Epoch)].Loss)];
        Assert.All(golden.Doubles("losses").Zip(losses), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        Assert.All(golden.GetProperty("end").EnumerateObject(), weight =>
        {
            double[] expected = [.. weight.Value.EnumerateArray().Select(v => v.GetDouble())];
            var found = TensorData.Floats(trained.Model.Graph.Initializer.Single(tensor => tensor.Name == weight.Name))!;
            Assert.Equal(expected.Length, found.Length);
            Assert.All(expected.Zip(found), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        });
    }

    private static TrainableNetwork Perceptron()
    {
        var start = Golden.GetProperty("perceptron").GetProperty("start");
        var builder = GraphBuilder.Empty();
        builder.Input("x", ElementType.Float, -1, 12);
        builder.Floats("0.weight", start.Floats("0.weight"), 8, 12);
        builder.Floats("0.bias", start.Floats("0.bias"), 8);
        builder.Floats("2.weight", start.Floats("2.weight"), 5, 8);
        builder.Floats("2.bias", start.Floats("2.bias"), 5);
        string hidden = builder.Node("Relu", [builder.Node("Gemm", ["x", "0.weight", "0.bias"], "sums", ("transB", 1))], "hidden");
        builder.NodeInto("outputs", "Gemm", [hidden, "2.weight", "2.bias"], ("transB", 1));
        builder.Output("outputs", ElementType.Float, -1, 5);
        return new(builder.Build(), [new("0.weight", 0.1, 0.3), new("0.bias", 0, 0.3), new("2.weight", 0.1), new("2.bias")]);
    }

    private static TrainableNetwork Convolution()
    {
        var start = Golden.GetProperty("convolution").GetProperty("start");
        var builder = GraphBuilder.Empty(opset: 14);
        builder.Input("x", ElementType.Float, -1, 2, 5, 5);
        builder.Floats("0.weight", start.Floats("0.weight"), 4, 2, 3, 3);
        string[] norm = [.. new[] { "weight", "bias", "running_mean", "running_var" }.Select(part => builder.Floats($"1.{part}", start.Floats($"1.{part}"), 4))];
        builder.Floats("5.weight", start.Floats("5.weight"), 3, 4);
        builder.Floats("5.bias", start.Floats("5.bias"), 3);
        string sums = builder.Node("Conv", ["x", "0.weight"], "sums", ("pads", new long[] { 1, 1, 1, 1 }));
        string normal = builder.Node("BatchNormalization", [sums, .. norm], "normal", ("training_mode", 1));
        string mean = builder.Node("GlobalAveragePool", [builder.Node("Relu", [normal], "hidden")], "mean");
        builder.NodeInto("outputs", "Gemm", [builder.Node("Flatten", [mean], "flat"), "5.weight", "5.bias"], ("transB", 1));
        builder.Output("outputs", ElementType.Float, -1, 3);
        return new(builder.Build(), [new("0.weight", 0.05, 0.5), new("1.weight"), new("1.bias"), new("5.weight", 0.05), new("5.bias")]);
    }

    // Rows that come in their own order, whichever are asked for.
    private sealed class InOrder(float[] x, int[] labels, int classes) : ITrainingRows
    {
        private int _next;

        public int Count => 2 * Rows;

        public void Fill(int epoch, ReadOnlySpan<int> rows, Span<byte> inputs, Span<float> targets, Span<float> weights)
        {
            int width = x.Length / labels.Length;
            targets.Clear();
            weights.Fill(1);
            int real = Math.Min(rows.Length, Rows - (_next % Rows));
            for (int i = 0; i < rows.Length; i++)
            {
                int row = _next + (i % real);
                x.AsSpan(row * width, width).CopyTo(MemoryMarshal.Cast<byte, float>(inputs)[(i * width)..]);
                targets[(i * classes) + labels[row]] = 1;
            }

            _next += real;
        }
    }
}
