using System.Text.Json;
using OnnxTransfer.Onnx;
using OnnxTransfer.Tests.Numerics;
using OnnxTransfer.Training;
using OnnxTransfer.Training.Losses;

namespace OnnxTransfer.Tests.Training;

public sealed class GraphLossTests
{
    public static TheoryData<int> Cases => [.. Enumerable.Range(0, Golden().Length)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Loss_and_gradient_equal_pytorchs(int number)
    {
        var golden = Golden()[number];
        var loss = Loss(golden);
        int rows = golden.GetProperty("rows").GetInt32(), width = golden.GetProperty("width").GetInt32();
        double[] weights = golden.Doubles("weights"), losses = golden.Doubles("losses");
        foreach (int opset in new[] { 13, 18 })
        {
            var builder = GraphBuilder.Empty(opset);
            builder.Input("outputs", ElementType.Float, rows, width);
            builder.Input("targets", ElementType.Float, rows, width);
            builder.Input("weights", ElementType.Float, rows);
            string sum = loss.AddSum(builder, "outputs", "targets", "weights", width, ElementType.Float);
            builder.Output(sum);
            var forward = builder.Build();
            var over = GraphBuilder.Over(forward);
            string gradient = Differentiation.Gradients(over, forward, TensorShapes.Infer(forward), sum, ["outputs"])[0];
            over.Output(gradient);
            using var run = new GraphRun(over.Build(), ElementType.Float);
            run.Feed("outputs", golden.Doubles("outputs"));
            run.Feed("targets", golden.Doubles("targets"));
            run.Feed("weights", weights);
            run.Run();
            Assert.Equal(losses.Zip(weights, (a, b) => a * b).Sum(), run.Read(sum)[0], 1e-4);
            Assert.All(golden.Doubles("gradients").Zip(run.Read(gradient)), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_loss_of_single_rows_equals_pytorchs(int number)
    {
        var golden = Golden()[number];
        var loss = Loss(golden);
        int width = golden.GetProperty("width").GetInt32();
        float[] outputs = golden.Floats("outputs"), targets = golden.Floats("targets");
        Assert.All(golden.Doubles("losses").Index(), row => Assert.Equal(
            row.Item, loss.Of(outputs.AsSpan(row.Index * width, width), targets.AsSpan(row.Index * width, width)), 1e-6));
    }

    [Fact]
    public void Logits_of_any_size_give_finite_losses()
    {
        float[] large = [1e4f, -1e4f, 0];
        Assert.Equal(2e4, new SoftmaxCrossEntropy().Of(large, [0, 1, 0]), 1e-6);
        Assert.Equal(2e4 / 3, new BinaryCrossEntropy().Of(large, [0, 1, 0]), 0.3);
    }

    private static JsonElement[] Golden() => [.. GoldenFile.Read("Training", "gradients.json").GetProperty("losses").EnumerateArray()];

    private static GraphLoss Loss(JsonElement golden)
    {
        var settings = golden.GetProperty("settings");
        return golden.GetProperty("name").GetString() switch
        {
            "SoftmaxCrossEntropy" => new SoftmaxCrossEntropy(settings.Double("smoothing"), settings.Doubles("classWeights")),
            "BinaryCrossEntropy" => new BinaryCrossEntropy(settings.Double("smoothing")),
            "SquaredLoss" => new OnnxTransfer.Training.Losses.SquaredLoss(),
            _ => new HuberLoss(settings.Double("delta")),
        };
    }
}
