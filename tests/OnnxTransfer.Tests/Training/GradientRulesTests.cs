using OnnxTransfer.Onnx;
using OnnxTransfer.Tests.Numerics;
using OnnxTransfer.Training;
using OnnxTransfer.Training.Gradients;

namespace OnnxTransfer.Tests.Training;

public sealed class GradientRulesTests
{
    // ONNX Runtime's CPU provider computes these in float32 alone.
    private static readonly string[] FloatOnly = ["Softplus"];

    public static TheoryData<string> Names => [.. Golden().Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Equals_pytorchs_gradient(string name)
    {
        var golden = Golden()[name];
        foreach (int opset in new[] { 13, 18, 21 })
        {
            var (model, gradients) = golden.Build(ElementType.Float, opset);
            using var run = new GraphRun(model, ElementType.Float);
            Feed(run, golden);
            run.Run();
            Near(golden.Output, run.Read("y"), 1e-4);
            Assert.Equal(golden.Gradients.Length, gradients.Count);
            Assert.All(golden.Gradients.Zip(gradients), pair => Near(pair.First, run.Read(pair.Second), 1e-4));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Equals_finite_differences(string name)
    {
        var golden = Golden()[name];
        var type = FloatOnly.Contains(golden.Operator) ? ElementType.Float : ElementType.Double;
        var (step, tolerance) = type == ElementType.Double ? (1e-4, 1e-6) : (1e-2, 5e-3);
        var (model, gradients) = golden.Build(type);
        using var run = new GraphRun(model, type);
        Feed(run, golden);
        run.Run();
        double[][] found = [.. gradients.Select(run.Read)];
        for (int i = 0; i < golden.Inputs.Length; i++)
        {
            Near([.. Enumerable.Range(0, golden.Inputs[i].Length).Select(j => (LossAt(i, j, step) - LossAt(i, j, -step)) / (2 * step))], found[i], tolerance);
        }

        double LossAt(int input, int place, double by)
        {
            double[] moved = [.. golden.Inputs[input]];
            moved[place] += by;
            run.Feed(GradientCase.Input(input), moved);
            run.Run();
            run.Feed(GradientCase.Input(input), golden.Inputs[input]);
            return run.Read("loss")[0];
        }
    }

    [Fact]
    public void A_tensor_read_twice_gets_both_shares()
    {
        var builder = GraphBuilder.Empty();
        builder.Input("x", ElementType.Double, 3);
        builder.NodeInto("loss", "ReduceSum", [builder.Node("Mul", ["x", builder.Node("Exp", ["x"], "e")], "p")], ("keepdims", 0));
        builder.Output("loss", ElementType.Double);
        var forward = builder.Build();
        var over = GraphBuilder.Over(forward);
        string gradient = Differentiation.Gradients(over, forward, TensorShapes.Infer(forward), "loss", ["x"])[0];
        over.Output(gradient, ElementType.Double);
        using var run = new GraphRun(over.Build(), ElementType.Double);
        run.Feed("x", [-1, 0.5, 2]);
        run.Run();
        Near([.. new[] { -1, 0.5, 2 }.Select(x => (1 + x) * Math.Exp(x))], run.Read(gradient), 1e-12);
    }

    [Fact]
    public void What_the_loss_does_not_go_through_needs_no_rule()
    {
        var builder = GraphBuilder.Empty();
        builder.Input("x", ElementType.Float, 2, 3);
        string w = builder.Floats("w", [1, 2, 3], 3);
        builder.NodeInto("loss", "ReduceSum", [builder.Node("Mul", [builder.Node("Sin", ["x"], "frozen"), w], "p")], ("keepdims", 0));
        builder.NodeInto("aside", "Sin", [w]);
        var forward = builder.Build();
        Assert.Single(Differentiation.Gradients(GraphBuilder.Over(forward), forward, TensorShapes.Infer(forward), "loss", ["w"]));
    }

    [Fact]
    public void An_operator_without_a_rule_is_named()
    {
        var error = Assert.Throws<TrainingException>(() => GradientOf(builder => builder.Node("Sin", ["w"], "y"), out _));
        Assert.Equal(
            "graph: node 'y' (Sin) lies between the loss and 'w', which depends on trainable weights, and no gradient is known for it; "
            + "train only weights behind 'y'", error.Message);
    }

    [Fact]
    public void A_weight_the_loss_does_not_depend_on_is_named()
    {
        var error = Assert.Throws<TrainingException>(() => GradientOf(builder => builder.Floats("other", [1, 2], 2), out _));
        Assert.Equal("graph: 'loss' does not depend on 'w', which therefore cannot be trained; leave it out of the trainable weights", error.Message);
    }

    [Fact]
    public void A_loss_of_several_elements_is_refused()
    {
        var builder = GraphBuilder.Empty();
        builder.NodeInto("y", "Relu", [builder.Floats("w", [1, 2], 2)]);
        var forward = builder.Build();
        Assert.Equal(
            "graph: 'y' is float[2]; expected a loss of one element: reduce it with ReduceSum or ReduceMean",
            Assert.Throws<TrainingException>(() => Differentiation.Gradients(GraphBuilder.Over(forward), forward, TensorShapes.Infer(forward), "y", ["w"])).Message);
    }

    [Fact]
    public void An_operator_set_before_13_is_refused()
    {
        var error = Assert.Throws<TrainingException>(() => GradientOf(builder => builder.Node("Relu", ["w"], "y"), out _, opset: 11));
        Assert.StartsWith("graph: is of operator set 11; gradients are made for 13 and newer", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_product_with_a_vector_is_refused()
    {
        var error = Assert.Throws<TrainingException>(() => GradientOf(builder => builder.Node("MatMul", [builder.Floats("m", [1, 2, 3, 4], 2, 2), "w"], "y"), out _));
        Assert.Equal(
            "graph: no gradient for node 'y' (MatMul): it multiplies float[2,2] by float[2]; expected matrices: give a vector a dimension of 1; train only weights behind 'y'", error.Message);
    }

    // The gradient by the weight "w" [2] of the sum of whatever `between` gives.
    private static void GradientOf(Func<GraphBuilder, string> between, out string gradient, int opset = 13)
    {
        var builder = GraphBuilder.Empty(opset);
        builder.Floats("w", [1, 2], 2);
        builder.NodeInto("loss", "ReduceSum", [between(builder)], ("keepdims", 0));
        var forward = builder.Build();
        gradient = Differentiation.Gradients(GraphBuilder.Over(forward), forward, TensorShapes.Infer(forward), "loss", ["w"])[0];
    }

    private static Dictionary<string, GradientCase> Golden() => GoldenFile.Read("Training", "gradients.json").GetProperty("cases")
        .EnumerateArray().ToDictionary(c => c.GetProperty("name").GetString()!, c => new GradientCase(c));

    private static void Feed(GraphRun run, GradientCase golden)
    {
        foreach (var (i, values) in golden.Inputs.Index())
        {
            run.Feed(GradientCase.Input(i), values);
        }
    }

    private static void Near(double[] expected, double[] found, double tolerance)
    {
        Assert.Equal(expected.Length, found.Length);
        Assert.All(expected.Zip(found), pair => Assert.Equal(pair.First, pair.Second, tolerance * Math.Max(1, Math.Abs(pair.First))));
    }
}
