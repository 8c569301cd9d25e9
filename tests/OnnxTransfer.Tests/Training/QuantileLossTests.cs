using System.Text.Json;
using OnnxTransfer.Onnx;
using OnnxTransfer.Tests.Numerics;
using OnnxTransfer.Training;
using OnnxTransfer.Training.Losses;

namespace OnnxTransfer.Tests.Training;

public sealed class QuantileLossTests
{
    public static TheoryData<int> Cases => [.. Enumerable.Range(0, Golden().Length)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Loss_and_gradient_equal_numpys(int number)
    {
        var golden = Golden()[number];
        var loss = new QuantileLoss(golden.Doubles("levels"));
        int rows = golden.GetProperty("rows").GetInt32(), width = golden.GetProperty("width").GetInt32();
        double[] weights = golden.Doubles("weights"), losses = golden.Doubles("losses");
        var builder = GraphBuilder.Empty();
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
        Assert.Equal(losses.Zip(weights, (a, b) => a * b).Sum(), run.Read(sum)[0], 1e-5);
        Assert.All(golden.Doubles("gradients").Zip(run.Read(gradient)), pair => Assert.Equal(pair.First, pair.Second, 1e-6));
        float[] outputs = golden.Floats("outputs"), targets = golden.Floats("targets");
        Assert.All(losses.Index(), row => Assert.Equal(
            row.Item, loss.Of(outputs.AsSpan(row.Index * width, width), targets.AsSpan(row.Index * width, width)), 1e-6));
    }

    [Fact]
    public void The_constant_that_makes_it_smallest_is_the_quantile()
    {
        float[] targets = [.. Enumerable.Range(0, 101).Select(i => (float)i)];
        Assert.Equal(80, Enumerable.Range(0, 101).MinBy(guess => targets.Sum(target => new QuantileLoss(0.8).Of([guess], [target]))));
    }

    [Theory]
    [InlineData(0.1, 0.9)]
    [InlineData(1.5)]
    public void Levels_that_do_not_fit_are_refused(params double[] levels)
    {
        var builder = GraphBuilder.Empty();
        var error = Assert.Throws<TrainingException>(() => new QuantileLoss(levels).Add(builder, "outputs", "targets", 3, ElementType.Float));
        Assert.Equal($"the levels of the quantile loss are [{string.Join(", ", levels)}]; "
            + "expected numbers between 0 and 1, one for each of the 3 outputs or one for all", error.Message);
    }

    private static JsonElement[] Golden() => [.. GoldenFile.Read("Training", "operators.json").GetProperty("quantiles").EnumerateArray()];
}
