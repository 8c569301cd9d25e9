using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;
using OnnxTransfer.Onnx.Proto;
using OnnxTransfer.Tests.Backbones;

namespace OnnxTransfer.Tests.Onnx;

public class HalfPrecisionTests
{
    [Theory]
    [InlineData(10)]
    [InlineData(13)]
    [InlineData(15)]
    [InlineData(18)]
    public void Every_tensor_of_a_network_has_a_type_the_runtime_accepts(int opset)
    {
        var model = Network(opset);

        var half = HalfPrecision.Convert(model);

        Assert.Equal(model.Inputs.Select(i => i.ToString()), half.Inputs.Select(i => i.ToString()));
        Assert.Equal(model.Outputs.Select(i => i.ToString()), half.Outputs.Select(i => i.ToString()));
        Alike(model, half, 2, 3, 8, 8);
    }

    [Fact]
    public void Outputs_and_inputs_left_out_by_name_have_nothing_in_common()
    {
        var builder = GraphBuilder.Empty(17);
        builder.Input("x", ElementType.Float, -1, 3, 4, 4);
        var conv = builder.Node("Conv", ["x", builder.Floats("w", Graphs.Floats(5 * 3, 1), 5, 3, 1, 1)], "conv");
        var normal = builder.Node("LayerNormalization", [conv, builder.Floats("scale", [1, 2, 3, 4], 4)], "normal");
        var again = builder.Node("Conv", [normal, builder.Floats("w2", Graphs.Floats(5 * 5, 2), 5, 5, 1, 1)], "again");
        builder.NodeInto("y", "Clip", [again, "", builder.Floats("most", [1])]);
        builder.Output("y", ElementType.Float, -1, 5, 4, 4);
        var model = builder.Build();
        model.Graph.Node.Single(n => n.OpType == "LayerNormalization").Output.Add("");
        var x = TensorValue.Of(Graphs.Floats(48, 3), 1, 3, 4, 4);

        Graphs.Near(Graphs.Run(model, ("x", x)).Floats, Graphs.Run(HalfPrecision.Convert(model), ("x", x)).Floats, 0.02f);
    }

    [Fact]
    public void An_output_inside_the_network_keeps_name_and_type_and_is_read_in_float16()
    {
        var builder = GraphBuilder.Empty();
        builder.Input("x", ElementType.Float, -1, 3);
        Gemm(builder, "x", "tap");
        Gemm(builder, "tap", "y");
        builder.Output("tap", ElementType.Float, -1, 3);
        builder.Output("y", ElementType.Float, -1, 3);
        var model = builder.Build();

        var half = HalfPrecision.Convert(model);

        Assert.Equal(["x_half", "tap_half", "tap", "y_half", "y"], half.TensorNames);
        Assert.Equal("tap_half", half.Graph.Node.Single(n => n.Output[0] == "y_half").Input[0]);
        Alike(model, half, 4, 3);
        Alike(Cut.At(model, "y"), Cut.At(half, "y"), 4, 3);
    }

    [Fact]
    public void Pixels_are_normalised_in_float32_wherever_they_are_prepended()
    {
        var builder = GraphBuilder.Empty();
        builder.Input("x", ElementType.Float, -1, 3, 4, 4);
        builder.NodeInto("y", "Conv", ["x", builder.Floats("w", Graphs.Floats(6, 1), 2, 3, 1, 1)]);
        builder.Output("y", ElementType.Float, -1, 2, 4, 4);
        OnnxModel Prepend(OnnxModel model) => PixelInput.Prepend(model, "x", 4, 4, [0.485f, 0.456f, 0.406f], [0.229f, 0.224f, 0.225f]);
        var network = builder.Build();

        foreach (var model in new[] { HalfPrecision.Convert(Prepend(network)), Prepend(HalfPrecision.Convert(network)) })
        {
            var types = new ElementTypes(model.Graph);
            Assert.Equal(ElementType.Float, types["x"]);
            Assert.Equal(ElementType.Float16, types[model.Graph.Node.Single(n => n.OpType == "Conv").Input[0]]);
            var pixels = TensorValue.OfBytes([.. Enumerable.Range(0, 48).Select(v => (byte)(v * 5))], 1, 4, 4, 3);
            Cosine(Graphs.Run(Prepend(network), ("pixels", pixels)).Floats, Graphs.Run(model, ("pixels", pixels)).Floats);
        }
    }

    [Theory]
    [InlineData("Softmax")]
    [InlineData("LogSoftmax")]
    [InlineData("Exp")]
    [InlineData("GlobalAveragePool")]
    [InlineData("LRN")]
    public void What_needs_more_digits_or_range_is_computed_in_float32(string operation)
    {
        var builder = GraphBuilder.Empty();
        builder.Input("x", ElementType.Float, -1, 3, 2, 2);
        builder.NodeInto("c", "Conv", ["x", builder.Floats("w", Graphs.Floats(9, 1), 3, 3, 1, 1)]);
        builder.NodeInto("s", operation, ["c"], operation == "LRN" ? [("size", 3)] : []);
        builder.NodeInto("y", "Flatten", ["s"]);
        builder.Output("y");

        var half = HalfPrecision.Convert(builder.Build());

        var types = new ElementTypes(half.Graph);
        Assert.Equal(ElementType.Float16, types["c"]);
        Assert.Equal(("c_float", ElementType.Float), (half.Graph.Node.Single(n => n.OpType == operation).Input[0], types["s"]));
        Alike(builder.Build(), half, 2, 3, 2, 2);
    }

    [Fact]
    public void A_sum_of_squares_beyond_float16_survives()
    {
        // Layer normalisation as exporters write it before operator set 17; its epsilon is zero in float16.
        var builder = GraphBuilder.Empty();
        builder.Input("x", ElementType.Float, -1, 3);
        builder.NodeInto("g", "MatMul", ["x", builder.Floats("w", [400, 0, 0, 0, 500, 0, 0, 0, 600], 3, 3)]);
        builder.NodeInto("mean", "ReduceMean", ["g"], ("axes", new long[] { -1 }));
        builder.NodeInto("d", "Sub", ["g", "mean"]);
        builder.NodeInto("square", "Pow", ["d", builder.Floats("two", [2])]);
        builder.NodeInto("variance", "ReduceMean", ["square"], ("axes", new long[] { -1 }));
        builder.NodeInto("safe", "Add", ["variance", builder.Floats("epsilon", [1e-12f])]);
        builder.NodeInto("root", "Sqrt", ["safe"]);
        builder.NodeInto("y", "Div", ["d", "root"]);
        builder.Output("y");

        Alike(builder.Build(), HalfPrecision.Convert(builder.Build()), 5, 3);
    }

    [Fact]
    public void A_variance_that_is_zero_in_float16_moves_into_the_scale()
    {
        var builder = GraphBuilder.Empty();
        builder.Input("x", ElementType.Float, -1, 3);
        Gemm(builder, "x", "g");
        builder.NodeInto("r", "Relu", ["g"]);
        builder.NodeInto("y", "BatchNormalization",
            ["r", builder.Floats("scale", [1e-3f, 2e-3f, -1e-3f], 3), builder.Floats("bias", [1, 2, 3], 3), builder.Floats("mean", [0.1f, 0.2f, 0.3f], 3),
                builder.Floats("variance", [1e-8f, 2e-8f, 4e-8f], 3)],
            ("epsilon", 1e-9f));
        builder.Output("y");

        var half = HalfPrecision.Convert(builder.Build());

        var node = half.Graph.Node.Single(n => n.OpType == "BatchNormalization");
        Assert.Equal([1, 1, 1], TensorData.Floats(half.Graph.Initializer.Single(t => t.Name == node.Input[4]))!);
        Alike(builder.Build(), half, 4, 3);
    }

    [Fact]
    public void Weights_beyond_the_largest_half_become_it_and_tiny_ones_zero()
    {
        var builder = GraphBuilder.Empty();
        builder.Input("x", ElementType.Float, -1, 3);
        builder.NodeInto("y", "MatMul", ["x", builder.Floats("w", [1e6f, -70000, 1e-9f], 3, 1)]);
        builder.Output("y");

        var half = HalfPrecision.Convert(builder.Build());

        Assert.Equal([65504, -65504, 0], TensorData.Floats(Assert.Single(half.Graph.Initializer))!);
    }

    [Fact]
    public void Weights_in_Constant_nodes_are_converted_once_for_all_who_read_them()
    {
        var builder = GraphBuilder.Empty();
        builder.Input("x", ElementType.Float, -1, 2);
        var constant = new NodeProto { OpType = "Constant", Output = { "w" } };
        constant.Attribute.Add(new AttributeProto
        {
            Name = "value",
            Type = AttributeProto.Types.AttributeType.Tensor,
            T = new TensorProto { DataType = (int)ElementType.Float, FloatData = { 1, 2, 3, 4 }, Dims = { 2, 2 } },
        });
        builder.Put(constant);
        builder.NodeInto("same", "Identity", ["w"]);
        builder.NodeInto("a", "MatMul", ["x", "w"]);
        builder.NodeInto("y", "MatMul", ["a", "same"]);
        builder.Output("y");

        var half = HalfPrecision.Convert(builder.Build());

        Assert.Equal((int)ElementType.Float16, Assert.Single(half.Graph.Initializer).DataType);
        Assert.DoesNotContain("Constant", half.Operators.Keys);
        Alike(builder.Build(), half, 2, 2);
    }

    [Fact]
    public void Weights_that_are_transposed_first_are_converted_before()
    {
        var builder = GraphBuilder.Empty();
        builder.Input("x", ElementType.Float, -1, 3);
        builder.NodeInto("turned", "Transpose", [builder.Floats("w", [1, 2, 3, 4, 5, 6], 2, 3)], ("perm", new long[] { 1, 0 }));
        builder.NodeInto("y", "MatMul", ["x", "turned"]);
        builder.Output("y");

        var half = HalfPrecision.Convert(builder.Build());

        Assert.Equal((int)ElementType.Float16, Assert.Single(half.Graph.Initializer).DataType);
        Assert.Equal("w_half", half.Graph.Node.Single(n => n.OpType == "Transpose").Input[0]);
        Alike(builder.Build(), half, 2, 3);
    }

    [Fact]
    public void Float64_becomes_float16_too_and_its_inputs_stay_float64()
    {
        var builder = GraphBuilder.Empty();
        builder.Input("x", ElementType.Double, -1, 2);
        builder.NodeInto("y", "MatMul", ["x", builder.Reals("w", ElementType.Double, [1, 2, 3, 4], 2, 2)]);
        builder.Output("y", ElementType.Double, -1, 2);

        var half = HalfPrecision.Convert(builder.Build());

        Assert.Equal((int)ElementType.Float16, Assert.Single(half.Graph.Initializer).DataType);
        Assert.Equal(["double x[N,2]", "double y[N,2]"], half.Inputs.Concat(half.Outputs).Select(v => v.ToString()));
        using var session = OnnxSession.Open(half);
    }

    [Fact]
    public void What_is_float16_already_or_multiplies_nothing_is_returned_itself()
    {
        var (half, relu) = (HalfPrecision.Convert(Network(13)), Graphs.Relu(3));

        Assert.Same(half, HalfPrecision.Convert(half));
        Assert.Same(relu, HalfPrecision.Convert(relu));
    }

    [Fact]
    public void Value_infos_without_type_and_casts_to_nothing_do_not_stop_it()
    {
        var builder = GraphBuilder.Empty();
        builder.Input("x", ElementType.Float, -1, 3);
        Gemm(builder, "x", "a");
        builder.NodeInto("b", "Cast", ["a"]);
        builder.NodeInto("y", "Relu", ["a"]);
        builder.Output("y");
        builder.Output("b");
        var proto = builder.Build().Proto;
        proto.Graph.ValueInfo.Add(new ValueInfoProto { Name = "a" });

        Assert.Equal(ElementType.Float, HalfPrecision.Convert(new OnnxModel(proto, "net")).Outputs[0].ElementType);
    }

    [Fact]
    public void Control_flow_is_refused()
    {
        var builder = GraphBuilder.Empty();
        builder.Input("condition", ElementType.Bool);
        var node = new NodeProto { OpType = "If", Name = "choice", Input = { "condition" }, Output = { "y" } };
        node.Attribute.Add(new AttributeProto { Name = "then_branch", G = new GraphProto() });
        builder.Put(node);
        builder.Output("y");

        var error = Assert.Throws<OnnxException>(() => HalfPrecision.Convert(builder.Build()));

        Assert.Equal("graph: node 'choice' (If) holds a graph of its own; "
            + "expected a network without If, Loop and Scan for half precision: export it without control flow, or run it in float32", error.Message);
    }

    [SkippableTheory]
    [InlineData("resnet20-cifar10.onnx", 32)]
    [InlineData("resnet50v2-stage3-imagenet.onnx", 224)]
    [InlineData("squeezenet1.1-imagenet.onnx", 224)]
    [InlineData("mobilenetv1-025-128-imagenet1001.onnx", 128)]
    public void Real_networks_are_half_as_large_and_point_the_same_way(string file, int side) => RealNetwork(TestData.Require("models", file), side);

    [Fact]
    public void The_backbone_of_this_project_is_half_as_large_and_points_the_same_way() =>
        RealNetwork(Path.Combine(Outside.Descriptions, "resnet14-cifar10.onnx"), 32);

    private static void RealNetwork(string path, int side)
    {
        var model = OnnxModel.Load(path);

        foreach (var network in new[] { model, BatchNormFolding.Fold(model) })
        {
            var half = HalfPrecision.Convert(network);

            Assert.InRange((double)half.ToBytes().Length / network.ToBytes().Length, 0.49, 0.53);
            Alike(network, half, 2, 3, side, side);
        }
    }

    /// <summary>Convolutions, pools, a resize by computed scales, a branch, a clip, a sum, attention's softmax: what image networks are made of.</summary>
    private static OnnxModel Network(int opset)
    {
        var builder = GraphBuilder.Empty(opset);
        builder.Input("x", ElementType.Float, -1, 3, 8, 8);
        builder.NodeInto("c", "Conv", ["x", builder.Floats("w", Graphs.Floats(108, 1), 4, 3, 3, 3), builder.Floats("b", Graphs.Floats(4, 2), 4)],
            ("pads", new long[] { 1, 1, 1, 1 }));
        builder.NodeInto("clipped", "Clip", opset >= 11 ? ["c", builder.Floats("least", [0f]), builder.Floats("most", [3e38f])] : ["c"]);
        builder.NodeInto("small", "MaxPool", ["clipped"], ("kernel_shape", new long[] { 2, 2 }), ("strides", new long[] { 2, 2 }));

        // Scales as exporters compute them: the shape, cast to float, divided.
        builder.NodeInto("shape", "Shape", ["clipped"]);
        builder.NodeInto("sizes", "Cast", ["shape"], ("to", (int)ElementType.Float));
        builder.NodeInto("smallShape", "Shape", ["small"]);
        builder.NodeInto("smallSizes", "Cast", ["smallShape"], ("to", (int)ElementType.Float));
        builder.NodeInto("scales", "Div", ["sizes", "smallSizes"]);
        builder.NodeInto("large", "Resize", opset >= 11 ? ["small", builder.Floats("roi", [], 0), "scales"] : ["small", "scales"]);
        builder.NodeInto("sum", "Add", ["large", "c"]);
        builder.NodeInto("ones", "ConstantOfShape", ["shape"]);
        builder.NodeInto("more", "Mul", ["sum", "ones"]);
        builder.NodeInto("flag", "Greater", ["more", "sum"]);
        builder.NodeInto("chosen", "Where", ["flag", "more", "sum"]);
        builder.NodeInto("again", "Cast", ["chosen"], ("to", (int)ElementType.Float));
        builder.NodeInto("rows", "Reshape", ["again", builder.Longs("target", [0, 4, 64], 3)]);
        builder.NodeInto("turned", "Transpose", ["rows"], ("perm", new long[] { 0, 2, 1 }));
        builder.NodeInto("scores", "MatMul", ["rows", "turned"]);
        builder.NodeInto("weights", "Softmax", ["scores"], ("axis", 2));
        builder.NodeInto("y", "MatMul", ["weights", "rows"]);
        builder.Output("y", ElementType.Float, -1, 4, 64);
        return builder.Build();
    }

    private static void Gemm(GraphBuilder builder, string x, string output) =>
        builder.NodeInto(output, "Gemm", [x, builder.Floats($"{output}.weight", Graphs.Floats(9, 1), 3, 3), builder.Floats($"{output}.bias", Graphs.Floats(3, 2), 3)]);

    /// <summary>The runtime's first outputs of both, for the same numbers.</summary>
    private static void Alike(OnnxModel model, OnnxModel half, params long[] shape)
    {
        var (name, x) = (model.Inputs[0].Name, TensorValue.Of(Graphs.Floats((int)shape.Aggregate(1L, (a, b) => a * b), 99), shape));
        var (expected, found) = (Graphs.Run(model, (name, x)), Graphs.Run(half, (name, x)));
        Assert.Equal(expected.Shape, found.Shape);
        Cosine(expected.Floats, found.Floats);
    }

    private static void Cosine(float[] expected, float[] found)
    {
        double Dot(float[] a, float[] b) => a.Zip(b, (u, v) => (double)u * v).Sum();
        var cosine = Dot(expected, found) / Math.Sqrt(Dot(expected, expected) * Dot(found, found));
        var length = Math.Sqrt(Dot(found, found) / Dot(expected, expected));
        Assert.True(cosine > 0.999 && Math.Abs(length - 1) < 0.01, $"cosine {cosine}, length {length} times float32's");
    }
}
