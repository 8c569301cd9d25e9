using OnnxTransfer.Heads;
using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Tests.Onnx;

public class JoinTests
{
    private static readonly LinearHead Head = new([1, 2, 3, 4], [0.5f, -0.5f], Activation.Softmax, ["a", "b"]);

    [Fact]
    public void The_second_graph_goes_on_where_the_first_ends()
    {
        var joined = Join.After(Graphs.Identity(13, 2), "y", Head.ToOnnx());
        var found = Graphs.Run(Cut.At(joined, ["probabilities"]), ("x", TensorValue.Of([1, -2, 0.25f, 0], 2, 2)));

        Assert.Equal(["float y[N,2]", "float probabilities[N,2]"], joined.Outputs.Select(output => output.ToString()));
        Graphs.Near(Head.Predict(new OnnxTransfer.Numerics.Matrix(2, 2, [1, -2, 0.25f, 0])).Values, found.Floats, 1e-6f);
    }

    [Fact]
    public void Inner_names_that_are_taken_are_changed()
    {
        var once = Join.After(Graphs.Identity(13, 2), "y", Head.ToOnnx());
        var twice = Join.After(Cut.At(once, ["probabilities"]), "probabilities", TensorNames.Rename(Head.ToOnnx(), new Dictionary<string, string> { ["probabilities"] = "again" }));

        var inner = Head.Predict(new OnnxTransfer.Numerics.Matrix(1, 2, [1, -2]));
        Graphs.Near(Head.Predict(inner).Values, Graphs.Run(Cut.At(twice, ["again"]), ("x", TensorValue.Of([1, -2], 1, 2))).Floats, 1e-6f);
    }

    [Fact]
    public void What_cannot_be_joined_is_named()
    {
        var first = Graphs.Identity(13, 2);
        Assert.Contains("has no tensor 'z'", Assert.Throws<OnnxException>(() => Join.After(first, "z", Head.ToOnnx())).Message, StringComparison.Ordinal);
        Assert.Contains(
            "is of operator set 11, the given graph of 13; expected the same: write the head for operator set 13".Replace("the given graph", first.Source, StringComparison.Ordinal),
            Assert.Throws<OnnxException>(() => Join.After(first, "y", Head.ToOnnx(11))).Message, StringComparison.Ordinal);
        Assert.Contains("and the head wants [N, 2]", Assert.Throws<OnnxException>(() => Join.After(Graphs.Identity(13, 3), "y", Head.ToOnnx())).Message, StringComparison.Ordinal);
        var once = Join.After(first, "y", Head.ToOnnx());
        Assert.Contains("already has a tensor 'probabilities'", Assert.Throws<OnnxException>(() => Join.After(once, "y", Head.ToOnnx())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_embedding_of_half_precision_is_cast()
    {
        var builder = GraphBuilder.Empty();
        builder.Input("x", ElementType.Float, -1, 2);
        builder.NodeInto("y", "Cast", ["x"], ("to", (int)ElementType.Float16));
        builder.Output("y", ElementType.Float16, -1, 2);

        var joined = Cut.At(Join.After(builder.Build(), "y", Head.ToOnnx()), ["probabilities"]);
        Graphs.Near(Head.Predict(new OnnxTransfer.Numerics.Matrix(1, 2, [1, -2])).Values, Graphs.Run(joined, ("x", TensorValue.Of([1, -2], 1, 2))).Floats, 1e-3f);
    }
}
