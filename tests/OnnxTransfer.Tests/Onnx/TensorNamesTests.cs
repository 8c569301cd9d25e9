using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;
using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Tests.Onnx;

public class TensorNamesTests
{
    [Fact]
    public void Inputs_outputs_weights_and_inner_tensors_get_their_new_names_and_the_numbers_stay()
    {
        var names = new Dictionary<string, string> { ["x"] = "image", ["a"] = "layer1", ["w"] = "layer1.weight", ["y"] = "features" };

        var renamed = TensorNames.Rename(Chain(), names);

        Assert.Equal("float image[N,2]", Assert.Single(renamed.Inputs).ToString());
        Assert.Equal("float features[N,2]", Assert.Single(renamed.Outputs).ToString());
        Assert.Equal(["layer1", "features"], renamed.TensorNames);
        Assert.Equal("layer1.weight", Assert.Single(renamed.Graph.Initializer).Name);
        Assert.Equal("layer1", Assert.Single(renamed.Graph.ValueInfo).Name);
        Assert.Equal([3f, 8f], Graphs.Run(renamed, ("image", TensorValue.Of([1, 2], 1, 2))).Floats);
    }

    [Fact]
    public void Two_tensors_may_swap_their_names()
    {
        var renamed = TensorNames.Rename(Chain(), new Dictionary<string, string> { ["a"] = "y", ["y"] = "a" });

        Assert.Equal(["y", "a"], renamed.TensorNames);
        Assert.Equal([3f, 8f], Graphs.Run(renamed, ("x", TensorValue.Of([1, 2], 1, 2))).Floats);
    }

    [Fact]
    public void The_graphs_inside_nodes_and_quantization_annotations_follow()
    {
        var builder = GraphBuilder.Empty();
        builder.Input("x", ElementType.Float, 2);
        builder.Input("condition", ElementType.Bool);
        builder.NodeInto("a", "Relu", ["x"]);
        var choice = new NodeProto { OpType = "If", Input = { "condition" }, Output = { "y" } };
        foreach (var (branch, operation) in new[] { ("then_branch", "Identity"), ("else_branch", "Neg") })
        {
            var inner = GraphBuilder.Empty(name: branch);
            inner.Graph.Node.Add(new NodeProto { OpType = operation, Input = { "a" }, Output = { "inner" } });
            inner.Output("inner");
            choice.Attribute.Add(new AttributeProto { Name = branch, Type = AttributeProto.Types.AttributeType.Graph, G = inner.Graph });
        }

        builder.Put(choice);
        builder.Output("y");
        var model = builder.Build();
        model.Graph.QuantizationAnnotation.Add(new TensorAnnotation
        {
            TensorName = "a",
            QuantParameterTensorNames = { new StringStringEntryProto { Key = "SCALE_TENSOR", Value = "x" } },
        });

        var renamed = TensorNames.Rename(model, new Dictionary<string, string> { ["a"] = "b", ["x"] = "z", ["inner"] = "within" });

        Assert.All(renamed.Graph.Node.Single(n => n.OpType == "If").Attribute, a =>
        {
            Assert.Equal(["b"], a.G.Node[0].Input);
            Assert.Equal(["within"], a.G.Node[0].Output);
            Assert.Equal("within", a.G.Output[0].Name);
        });
        var annotation = Assert.Single(renamed.Graph.QuantizationAnnotation);
        Assert.Equal(("b", "z"), (annotation.TensorName, annotation.QuantParameterTensorNames[0].Value));
        using var session = OnnxSession.Open(renamed);
        Assert.Equal(["z", "condition"], session.Inputs.Select(i => i.Name));
    }

    [Theory]
    [InlineData("b", "c", "graph: has no tensor 'b' to rename; it has 'a', 'w', 'x', 'y'")]
    [InlineData("", "c", "graph: has no tensor '' to rename; it has 'a', 'w', 'x', 'y'")]
    [InlineData("a", "w", "graph: tensor 'a' would be named 'w', as another tensor is; choose another name")]
    [InlineData("a", "", "graph: tensor 'a' would get an empty name, which in ONNX means that there is none; choose a name")]
    public void Unknown_empty_and_taken_names_are_refused(string old, string name, string message)
    {
        var error = Assert.Throws<OnnxException>(() => TensorNames.Rename(Chain(), new Dictionary<string, string> { [old] = name }));

        Assert.Equal(Sorted(message), Sorted(error.Message));
    }

    [Fact]
    public void One_name_for_two_tensors_is_refused()
    {
        var error = Assert.Throws<OnnxException>(() => TensorNames.Rename(Chain(), new Dictionary<string, string> { ["a"] = "b", ["y"] = "b" }));

        Assert.Equal("graph: tensor 'y' would be named 'b', as another tensor is; choose another name", error.Message);
    }

    // The names listed are equally near: their order is the graph's.
    private static string Sorted(string message) => string.Join(' ', message.Replace(",", "").Split(' ').Order(StringComparer.Ordinal));

    private static OnnxModel Chain()
    {
        var builder = GraphBuilder.Empty();
        builder.Input("x", ElementType.Float, -1, 2);
        builder.NodeInto("a", "Relu", ["x"]);
        builder.NodeInto("y", "Mul", ["a", builder.Floats("w", [3, 4], 2)]);
        builder.Output("y", ElementType.Float, -1, 2);
        var model = builder.Build();
        model.Graph.ValueInfo.Add(new ValueInfoProto { Name = "a" });
        return model;
    }
}
