using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Tests.Onnx;

public class CutTests
{
    // x -> a = relu(x) -> b = a * w -> c = b + v; d = x + u is used by nobody else.
    private static OnnxModel Chain()
    {
        var builder = GraphBuilder.Empty();
        builder.Input("x", ElementType.Float, -1, 2);
        builder.Input("z", ElementType.Float, -1, 2);
        builder.NodeInto("a", "Relu", ["x"]);
        builder.NodeInto("b", "Mul", ["a", builder.Floats("w", [2, 3], 2)]);
        builder.NodeInto("c", "Add", ["b", builder.Floats("v", [1, 1], 2)]);
        builder.NodeInto("d", "Add", ["z", builder.Floats("u", [5, 5], 2)]);
        builder.Output("c", ElementType.Float, -1, 2);
        builder.Output("d", ElementType.Float, -1, 2);
        return builder.Build();
    }

    [Fact]
    public void Keeps_what_the_tensor_needs_and_its_numbers()
    {
        var cut = Cut.At(Chain(), ["b"]);

        Assert.Equal(["a", "b"], cut.TensorNames);
        Assert.Equal(2, cut.ParameterCount);
        Assert.Equal("x", Assert.Single(cut.Inputs).Name);
        Assert.Equal([2f, 6f], Graphs.Run(cut, ("x", TensorValue.Of([1, 2], 1, 2))).Floats);
    }

    [Fact]
    public void Several_tensors_come_in_the_order_asked_for()
    {
        var cut = Cut.At(Chain(), ["d", "a"]);

        Assert.Equal(["d", "a"], cut.Outputs.Select(o => o.Name));
        Assert.Equal(["x", "z"], cut.Inputs.Select(o => o.Name));
    }

    [Fact]
    public void The_model_itself_stays_as_it_was()
    {
        var chain = Chain();
        var before = chain.ToBytes();

        Cut.At(chain, ["a"]);

        Assert.Equal(before, chain.ToBytes());
    }

    [Fact]
    public void A_tensor_that_does_not_exist_is_named_with_near_ones_first()
    {
        var error = Assert.Throws<OnnxException>(() => Cut.At(Chain(), ["cc"]));

        Assert.Equal("graph: has no tensor 'cc'; it has 'c', 'a', 'b', 'd', 'x', 'z'", error.Message);
    }

    [Fact]
    public void Of_many_tensors_twenty_are_listed()
    {
        var builder = GraphBuilder.Empty();
        builder.Input("x", ElementType.Float, -1, 2);
        for (var i = 0; i < 40; i++)
        {
            builder.NodeInto($"layer{i}", "Relu", ["x"]);
        }

        builder.Output("layer39");

        var error = Assert.Throws<OnnxException>(() => Cut.At(builder.Build(), ["ayer39"]));

        Assert.StartsWith("graph: has no tensor 'ayer39'; it has 'layer39', 'layer3', ", error.Message);
        Assert.EndsWith(" and 21 more", error.Message);
    }

    [Fact]
    public void What_is_computed_from_weights_alone_is_no_tap()
    {
        var builder = GraphBuilder.Empty(name: "net");
        builder.Input("x", ElementType.Float, -1, 2);
        builder.NodeInto("scale", "Exp", [builder.Floats("w", [2, 3], 2)]);
        builder.NodeInto("y", "Mul", ["x", "scale"]);
        builder.Output("y", ElementType.Float, -1, 2);
        string Refused(params string[] tensors) => Assert.Throws<OnnxException>(() => Cut.At(builder.Build(), tensors)).Message;

        Assert.Equal(
            "net: tensor 'scale' is computed from weights alone, the same for every image; expected one that depends on 'x': choose a tensor of the network's main path",
            Refused("y", "scale"));
        Assert.StartsWith("net: tensor 'w' is computed from weights alone", Refused("w"));
    }

    [Fact]
    public void A_graph_without_input_has_no_taps()
    {
        var builder = GraphBuilder.Empty(name: "net");
        builder.NodeInto("y", "Exp", [builder.Floats("w", [2, 3], 2)]);
        builder.Output("y", ElementType.Float, 2);

        Assert.Equal(
            "net: has no input, so what it gives is the same for every image; expected the image among its inputs: export the model again",
            Assert.Throws<OnnxException>(() => Cut.At(builder.Build(), ["y"])).Message);
    }

    [Fact]
    public void A_branch_that_nobody_reads_can_be_tapped()
    {
        var builder = GraphBuilder.Empty();
        builder.Input("x", ElementType.Float, -1, 2);
        builder.NodeInto("aside", "Mul", ["x", builder.Floats("w", [2, 3], 2)]);
        builder.NodeInto("y", "Relu", ["x"]);
        builder.Output("y", ElementType.Float, -1, 2);

        var cut = Cut.At(builder.Build(), ["aside"]);

        Assert.Equal(["aside"], cut.TensorNames);
        Assert.Equal([2, -6], Graphs.Run(cut, ("x", TensorValue.Of([1, -2], 1, 2))).Floats);
    }

    [Fact]
    public void What_a_subgraph_reads_is_kept()
    {
        var branch = GraphBuilder.Empty(name: "branch");
        branch.Graph.Node.Add(new OnnxTransfer.Onnx.Proto.NodeProto { OpType = "Identity", Input = { "a" }, Output = { "inner" } });
        branch.Output("inner");
        var node = new OnnxTransfer.Onnx.Proto.NodeProto { OpType = "If", Input = { "condition" }, Output = { "y" } };
        node.Attribute.Add(new OnnxTransfer.Onnx.Proto.AttributeProto { Name = "then_branch", G = branch.Graph });

        Assert.Equal(["condition", "a", "inner"], Cut.Reads(node));
    }
}
