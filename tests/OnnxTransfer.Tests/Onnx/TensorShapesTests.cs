using System.Text.Json;
using OnnxTransfer.Onnx;
using OnnxTransfer.Tests.Backbones;

namespace OnnxTransfer.Tests.Onnx;

public class TensorShapesTests
{
    [SkippableTheory]
    [InlineData("resnet20-cifar10", 40551040)]
    [InlineData("resnet50v2-stage3-imagenet", 3277897728)]
    [InlineData("mobilenetv1-025-128-imagenet1001", 13570304)]
    [InlineData("squeezenet1.1-imagenet", 349151936)]
    [InlineData("resnet14-cifar10", 59646912)]
    public void A_backbone_is_known_whole(string name, long macs)
    {
        var beside = Path.Combine(Outside.Descriptions, $"{name}.onnx");
        var model = OnnxModel.Load(File.Exists(beside) ? beside : Path.Combine(Outside.NeedModels(), $"{name}.onnx"));
        var description = JsonDocument.Parse(File.ReadAllText(Path.Combine(Outside.Descriptions, $"{name}.json"))).RootElement;

        var shapes = TensorShapes.Infer(model, batch: 2);
        var profile = ModelProfile.Of(model, shapes);

        Assert.Empty(shapes.Unknown);
        Assert.All(model.TensorNames, tensor => Assert.NotNull(shapes[tensor]));
        Assert.Equal(2 * macs, profile.Macs);
        Assert.Equal(description.GetProperty("macs").GetInt64(), macs);
        Assert.Equal(description.GetProperty("parameters").GetInt64(), profile.Parameters);
        foreach (var tap in description.GetProperty("taps").EnumerateArray())
        {
            Assert.Equal([2L, .. tap.GetProperty("shape").EnumerateArray().Select(d => d.GetInt64())], shapes[tap.GetProperty("tensor").GetString()!]!.Dimensions);
        }
    }

    [Fact]
    public void An_attribute_whose_0_is_not_written_is_0()
    {
        // Writers by protobuf 3, such as ML.NET, leave zeros out; Flatten's axis is 1 only where there is no attribute.
        var model = OneNode.Of(13, "Flatten", [new long[] { 2, 3, 4 }], 1, ("axis", 0));
        model.Graph.Node[0].Attribute[0].ClearI();

        var shapes = TensorShapes.Infer(model);

        Assert.Equal("float[1,24]", shapes["y0"]!.ToString());
        RuntimeShapes.Equal(model, shapes);
    }

    [Fact]
    public void A_symbolic_first_dimension_is_the_batch()
    {
        var shapes = TensorShapes.Infer(Graphs.Relu(3, 5), batch: 4);

        Assert.Equal("float[4,3,5]", shapes["x"]!.ToString());
        Assert.Equal(new TensorType(ElementType.Float, [4, 3, 5]), shapes["y"]);
        Assert.Equal(60, shapes["y"]!.Count);
        Assert.Null(shapes["z"]);
        Assert.Throws<ArgumentOutOfRangeException>(() => TensorShapes.Infer(Graphs.Relu(3), batch: 0));
    }

    [Fact]
    public void Open_heights_and_widths_must_be_given()
    {
        var model = Graphs.Relu(3, -1, -1);
        var given = new Dictionary<string, IReadOnlyList<long>> { ["x"] = [2, 3, 8, 9] };

        Assert.Equal([2, 3, 8, 9], TensorShapes.Infer(model, 7, given)["y"]!.Dimensions);

        // All three are named N here, and so are the batch.
        Assert.Equal([7, 3, 7, 7], TensorShapes.Infer(model, 7)["y"]!.Dimensions);
        model.Graph.Input[0].Type.TensorType.Shape.Dim[2].DimParam = "height";
        model.Graph.Output[0].Type = null;
        var open = TensorShapes.Infer(new(model.Proto, "net.onnx"), 7);
        Assert.Equal("input 'x': has dimensions that are known only when the graph runs; give its whole shape", open.Unknown["x"]);
        Assert.Equal("follows from 'x', which is unknown: " + open.Unknown["x"], open.Unknown["y"]);
    }

    [Fact]
    public void A_given_shape_must_fit_an_input()
    {
        var model = Graphs.Relu(3, 5);

        OnnxException Of(string name, params long[] shape) =>
            Assert.Throws<OnnxException>(() => TensorShapes.Infer(model, 1, new Dictionary<string, IReadOnlyList<long>> { [name] = shape }));

        const string Expected = "; expected as many dimensions, none negative, and the fixed ones as they are";
        Assert.Equal("graph: has no input 'data'; its inputs are 'x'", Of("data", 1, 3, 5).Message);
        Assert.Equal("graph: input 'float x[N,3,5]' cannot have the shape [1,4,5]" + Expected, Of("x", 1, 4, 5).Message);
        Assert.Equal("graph: input 'float x[N,3,5]' cannot have the shape [1,3]" + Expected, Of("x", 1, 3).Message);
        Assert.Equal("graph: input 'float x[N,3,5]' cannot have the shape [-1,3,5]" + Expected, Of("x", -1, 3, 5).Message);
    }

    [Fact]
    public void An_operator_without_rule_says_so_and_what_follows_too()
    {
        var builder = GraphBuilder.Empty();
        builder.Input("x", ElementType.Float, -1, 3);
        builder.Node("Magic", ["x"], "a");
        builder.Node("Relu", ["a"], "b");
        builder.Node("Neg", ["b"], "c");
        builder.Output("c");
        var model = builder.Build();
        model.Graph.Node[0].Domain = "org.example";

        var shapes = TensorShapes.Infer(model, batch: 2);

        Assert.Equal("node 'a' (org.example.Magic): no shape rule is known for this operator", shapes.Unknown["a"]);
        Assert.Equal("follows from 'a', which is unknown: " + shapes.Unknown["a"], shapes.Unknown["b"]);
        Assert.Equal(shapes.Unknown["b"], shapes.Unknown["c"]);
        Assert.Equal(["org.example.Magic"], shapes.WithoutRule);

        // What the file declares for its output helps, the batch put in.
        model.Graph.ValueInfo.Add(Graphs.Relu(7).Graph.Input[0].Clone());
        model.Graph.ValueInfo[0].Name = "a";
        Assert.Equal([2, 7], TensorShapes.Infer(model, batch: 2)["c"]!.Dimensions);
    }

    [Fact]
    public void A_shape_that_depends_on_the_image_is_as_declared_or_unknown()
    {
        var model = OneNode.Of(13, "Expand", [new long[] { -1, 3 }, new long[] { 2 }]);

        Assert.Equal("node 'tested' (Expand): has a shape that depends on the values of 'x1', known only when the graph runs", TensorShapes.Infer(model).Unknown["y0"]);
        model.Graph.Output[0].Type = Graphs.Relu(3).Graph.Input[0].Type.Clone();
        Assert.Equal([4, 3], TensorShapes.Infer(model, batch: 4)["y0"]!.Dimensions);
    }
}
