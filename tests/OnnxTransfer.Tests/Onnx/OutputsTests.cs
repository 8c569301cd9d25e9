using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Tests.Onnx;

public class OutputsTests
{
    private static OnnxModel TwoOutputs()
    {
        var builder = GraphBuilder.Empty();
        builder.Input("x", ElementType.Float, -1, 2);
        builder.NodeInto("a", "Relu", ["x"]);
        builder.NodeInto("b", "Neg", ["x"]);
        builder.NodeInto("c", "Abs", ["x"]);
        builder.Output("a", ElementType.Float, -1, 2);
        builder.Output("b", ElementType.Float, -1, 2);
        builder.Output("c", ElementType.Float, -1, 2);
        return builder.Build();
    }

    [Fact]
    public void Concat_joins_rows_in_the_order_given()
    {
        var model = Outputs.Concat(TwoOutputs(), ["b", "a"], "joined");

        Assert.Equal(["float joined[N,4]", "float c[N,2]"], model.Outputs.Select(o => o.ToString()));
        Assert.Equal([1, -2, 0, 2], Graphs.Run(model, ("x", TensorValue.Of([-1, 2], 1, 2))).Floats);
    }

    [Fact]
    public void Concat_of_one_renames_it()
    {
        var model = Outputs.Concat(TwoOutputs(), ["b"], "embedding");

        Assert.Equal(["a", "embedding", "c"], model.Outputs.Select(o => o.Name));
    }

    [Fact]
    public void Concat_of_nothing_is_refused() => Assert.Equal(
        "graph: nothing to concatenate to 'joined'; give at least one tensor",
        Assert.Throws<OnnxException>(() => Outputs.Concat(TwoOutputs(), [], "joined")).Message);
}
