using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;
using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Tests.Onnx;

public class BatchNormFoldingTests
{
    private const int Side = 6;

    [Theory]
    [InlineData(1, false, 13)]
    [InlineData(1, true, 9)]
    [InlineData(2, true, 13)]
    [InlineData(4, false, 15)]
    public void A_batch_norm_goes_into_the_Conv_before_it(int group, bool bias, int opset)
    {
        var builder = Images(4, opset);
        Conv(builder, "x", "c", 4, 8, 3, group, bias, ("pads", new long[] { 1, 1, 1, 1 }), ("group", group));
        BatchNorm(builder, "c", "y", 8);
        builder.Output("y", ElementType.Float, -1, 8, Side, Side);

        var folded = Same(builder.Build(), folded: 1, left: 0);

        Assert.Equal(["y"], folded.TensorNames);
        Assert.Equal((8 * 4 / group * 9) + 8, folded.ParameterCount);
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public void A_batch_norm_goes_into_the_ConvTranspose_before_it(int group, bool bias)
    {
        var builder = Images(4);
        string[] operands = ["x", builder.Floats("w", Graphs.Floats(4 * 6 / group * 4, 5), 4, 6 / group, 2, 2)];
        builder.NodeInto("c", "ConvTranspose", bias ? [.. operands, builder.Floats("b", Graphs.Floats(6, 6), 6)] : operands,
            ("strides", new long[] { 2, 2 }), ("group", group));
        BatchNorm(builder, "c", "y", 6);
        builder.Output("y");

        Same(builder.Build(), folded: 1, left: 0);
    }

    [Theory]
    [InlineData(0, 1f, 1f, new long[] { 5 })]
    [InlineData(1, 0.5f, 3f, new long[] { 1, 5 })]
    [InlineData(0, 2f, 0f, new long[] { })]
    [InlineData(1, 1f, 1f, null)]
    public void A_batch_norm_goes_into_the_Gemm_before_or_behind_it(int transposed, float alpha, float beta, long[]? biasDims)
    {
        foreach (var before in new[] { true, false })
        {
            var builder = GraphBuilder.Empty();
            builder.Input("x", ElementType.Float, -1, 7);
            var x = before ? "x" : BatchNorm(builder, "x", "n", 7);
            string[] operands = [x, builder.Floats("w", Graphs.Floats(35, 1), transposed == 1 ? [5, 7] : [7, 5])];
            if (biasDims is not null)
            {
                operands = [.. operands, builder.Floats("b", Graphs.Floats(biasDims.Length == 0 ? 1 : 5, 2), biasDims)];
            }

            builder.NodeInto(before ? "g" : "y", "Gemm", operands, ("transB", transposed), ("alpha", alpha), ("beta", beta));
            if (before)
            {
                BatchNorm(builder, "g", "y", 5);
            }

            builder.Output("y", ElementType.Float, -1, 5);
            Same(builder.Build(), folded: 1, left: 0, 3, 7);
        }
    }

    [Fact]
    public void What_Keras_writes_for_a_batch_norm_goes_the_same_way()
    {
        var builder = Images(3);
        Conv(builder, "x", "c", 3, 4, 3, 1, bias: false);
        builder.NodeInto("a", "Add", [builder.Floats("bias", Graphs.Floats(4, 2), 1, 4, 1, 1), "c"]);
        builder.NodeInto("d", "Sub", ["a", builder.Floats("mean", Graphs.Floats(4, 3), 4, 1, 1)]);
        builder.NodeInto("e", "Div", ["d", builder.Floats("std", [0.5f, 2, 3, 4], 4, 1, 1)]);
        builder.NodeInto("f", "Mul", ["e", builder.Floats("scale", [-1.5f])]);
        builder.NodeInto("y", "Sub", [builder.Floats("one", [1f], 1, 1), "f"]);
        builder.Output("y");

        var folded = Same(builder.Build(), folded: 5, left: 0);

        Assert.Equal(["Conv"], folded.Operators.Keys);
    }

    [Fact]
    public void Numbers_that_differ_from_place_to_place_or_widen_the_tensor_stay()
    {
        foreach (var dims in new long[][] { [4, 4], [1, 4], [4], [1, 1, 4, 1, 1], [2, 4, 1, 1] })
        {
            var builder = Images(3);
            Conv(builder, "x", "c", 3, 4, 3, 1, bias: true);
            builder.NodeInto("y", "Mul", ["c", builder.Floats("scale", Graphs.Floats((int)dims.Aggregate(1L, (a, b) => a * b), 2), dims)]);
            builder.Output("y");

            Same(builder.Build(), folded: 0, left: 0);
        }
    }

    [Theory]
    [InlineData("", 0, 1, 1)]
    [InlineData("", 0, 3, 1)]
    [InlineData("", 0, 1, 2)]
    [InlineData("SAME_UPPER", 0, 1, 1)]
    [InlineData("VALID", 0, 3, 1)]
    public void A_batch_norm_goes_into_the_Conv_behind_it(string autoPad, long pad, int kernel, int group)
    {
        var model = NormThenConv(pad, kernel, group, shift: true);
        SetAutoPad(model, autoPad);

        Assert.Equal(["y"], Same(model, folded: 1, left: 0).TensorNames);
    }

    [Theory]
    [InlineData("", 1)]
    [InlineData("SAME_LOWER", 0)]
    public void Through_zero_padding_only_a_batch_norm_that_shifts_nothing_goes(string autoPad, long pad)
    {
        var (shifting, scaling) = (NormThenConv(pad, 3, 1, shift: true), NormThenConv(pad, 3, 1, shift: false));
        SetAutoPad(shifting, autoPad);
        SetAutoPad(scaling, autoPad);

        Same(shifting, folded: 0, left: 1);
        Same(scaling, folded: 1, left: 0);
    }

    [Fact]
    public void Weights_that_two_layers_share_are_folded_for_each()
    {
        var builder = Images(3);
        var w = builder.Floats("w", Graphs.Floats(27 * 4, 1), 4, 3, 3, 3);
        builder.NodeInto("c", "Conv", ["x", w]);
        builder.NodeInto("d", "Conv", ["x", w]);
        builder.NodeInto("e", "Conv", ["x", w]);
        BatchNorm(builder, "c", "m", 4, seed: 11);
        BatchNorm(builder, "d", "n", 4, seed: 12);
        builder.NodeInto("y", "Sum", ["m", "n", "e"]);
        builder.Output("y");

        Same(builder.Build(), folded: 2, left: 0);
    }

    [Fact]
    public void A_chain_between_two_layers_goes_into_the_first()
    {
        var builder = Images(3);
        Conv(builder, "x", "c", 3, 4, 3, 1, bias: true);
        BatchNorm(builder, "c", "m", 4, seed: 11);
        BatchNorm(builder, "m", "n", 4, seed: 12);
        Conv(builder, "n", "y", 4, 4, 1, 1, bias: true);
        builder.Output("y");

        Same(builder.Build(), folded: 2, left: 0);
    }

    [Theory]
    [InlineData("c")]
    [InlineData("n")]
    public void A_tensor_that_is_an_output_keeps_its_numbers(string tap)
    {
        var builder = Images(4);
        BatchNorm(builder, "x", "m", 4, seed: 3);
        Conv(builder, "m", "c", 4, 4, 1, 1, bias: true);
        BatchNorm(builder, "c", "n", 4);
        Conv(builder, "n", "y", 4, 2, 3, 1, bias: false, ("pads", new long[] { 1, 1, 1, 1 }));
        builder.Output(tap);
        builder.Output("y");
        var model = builder.Build();

        // m goes into c; n too, but not where c is an output, and never through the padding of y.
        var folded = Same(model, folded: tap == "c" ? 1 : 2, left: tap == "c" ? 1 : 0);
        Assert.Equal([tap, "y"], folded.Outputs.Select(o => o.Name));
        Same(Cut.At(model, ["y", tap]), folded: tap == "c" ? 1 : 2, left: tap == "c" ? 1 : 0);
    }

    [Fact]
    public void Before_a_layer_a_batch_norm_that_is_an_output_or_read_twice_stays()
    {
        foreach (var twice in new[] { true, false })
        {
            var builder = Images(4);
            BatchNorm(builder, "x", "n", 4);
            Conv(builder, "n", "c", 4, 4, 1, 1, bias: true);
            builder.NodeInto("y", "Add", ["c", twice ? "n" : "c"]);
            builder.Output("y");
            if (!twice)
            {
                builder.Output("n");
            }

            Same(builder.Build(), folded: 0, left: 1);
        }
    }

    [Fact]
    public void Numbers_in_Constant_nodes_and_behind_Identity_are_constants_too()
    {
        var builder = Images(3);
        var conv = new NodeProto { OpType = "Constant", Output = { "w" } };
        conv.Attribute.Add(new AttributeProto { Name = "value", Type = AttributeProto.Types.AttributeType.Tensor, T = Tensor(Graphs.Floats(12, 1), 4, 3, 1, 1) });
        builder.Put(conv);
        var shared = builder.Floats("ones", [1, 1, 2, 1], 4);
        builder.NodeInto("variance", "Identity", [shared]);
        builder.NodeInto("c", "Conv", ["x", "w"]);
        builder.NodeInto("n", "BatchNormalization", ["c", shared, builder.Floats("bias", Graphs.Floats(4, 3), 4), builder.Floats("mean", Graphs.Floats(4, 4), 4), "variance"]);
        var half = new NodeProto { OpType = "Constant", Output = { "half" } };
        half.Attribute.Add(new AttributeProto { Name = "value_float", Type = AttributeProto.Types.AttributeType.Float, F = 0.5f });
        builder.Put(half);
        builder.NodeInto("y", "Mul", ["n", "half"]);
        builder.Output("y");

        Assert.Equal(["Conv"], Same(builder.Build(), folded: 2, left: 0).Operators.Keys);
    }

    [Fact]
    public void Training_mode_and_statistics_per_place_stay()
    {
        foreach (var (opset, attribute, value) in new[] { (15, "training_mode", 1), (8, "spatial", 0) })
        {
            var builder = Images(3, opset);
            Conv(builder, "x", "c", 3, 4, 3, 1, bias: false);
            BatchNorm(builder, "c", "y", 4, attributes: (attribute, value));
            builder.Output("y");
            var model = builder.Build();

            Assert.Same(model, BatchNormFolding.Fold(model, out var count));
            Assert.Equal(new BatchNormCount(0, 1), count);
        }
    }

    [Fact]
    public void Numbers_that_are_computed_or_fed_stay()
    {
        var builder = Images(3);
        builder.Input("mean", ElementType.Float, 4);
        Conv(builder, "x", "c", 3, 4, 3, 1, bias: false);
        var ones = builder.Floats("ones", [1, 1, 1, 1], 4);
        builder.NodeInto("y", "BatchNormalization", ["c", ones, ones, "mean", ones]);
        builder.Output("y");

        BatchNormFolding.Fold(builder.Build(), out var count);

        Assert.Equal(new BatchNormCount(0, 1), count);
    }

    [Fact]
    public void Weights_that_would_not_be_finite_stay()
    {
        foreach (var (scale, variance) in new[] { (3e38f, 1e-4f), (1f, -1f) })
        {
            var builder = Images(3);
            Conv(builder, "x", "c", 3, 1, 3, 1, bias: false);
            builder.NodeInto("y", "BatchNormalization",
                ["c", builder.Floats("scale", [scale], 1), builder.Floats("bias", [0f], 1), builder.Floats("mean", [0f], 1), builder.Floats("variance", [variance], 1)]);
            builder.Output("y");

            BatchNormFolding.Fold(builder.Build(), out var count);

            Assert.Equal(new BatchNormCount(0, 1), count);
        }
    }

    [Fact]
    public void Float64_folds_in_its_own_type()
    {
        var model = Gemm(ElementType.Double);

        var folded = Same(model, folded: 1, left: 0, 2, 3);

        Assert.All(folded.Graph.Initializer, t => Assert.Equal((int)ElementType.Double, t.DataType));
    }

    [Fact]
    public void Float16_stays() => Same(Gemm(ElementType.Float16), folded: 0, left: 1, 2, 3);

    // ResNet-50 v2 to stage 3: of 42 batch norms one stands before the padded stem and 14 behind sums or the pool.
    [SkippableTheory]
    [InlineData("resnet20-cifar10.onnx", "logits", 32, 19, 0)]
    [InlineData("resnet50v2-stage3-imagenet.onnx", "features", 224, 27, 15)]
    [InlineData("squeezenet1.1-imagenet.onnx", "logits", 224, 0, 0)]
    public void Real_networks_give_the_same_numbers(string file, string output, int side, int folded, int left)
    {
        var model = OnnxModel.Load(TestData.Require("models", file));

        Same(Cut.At(model, [output]), folded, left, 2, 3, side, side);
    }

    private static GraphBuilder Images(int channels, int opset = 13)
    {
        var builder = GraphBuilder.Empty(opset);
        builder.Input("x", ElementType.Float, -1, channels, Side, Side);
        return builder;
    }

    private static void Conv(
        GraphBuilder builder, string x, string output, int inputs, int outputs, int kernel, int group, bool bias, params (string, object)[] attributes)
    {
        string[] operands = [x, builder.Floats($"{output}.weight", Graphs.Floats(outputs * inputs / group * kernel * kernel, 1), outputs, inputs / group, kernel, kernel)];
        builder.NodeInto(output, "Conv", bias ? [.. operands, builder.Floats($"{output}.bias", Graphs.Floats(outputs, 2), outputs)] : operands, attributes);
    }

    private static string BatchNorm(GraphBuilder builder, string x, string output, int channels, int seed = 7, params (string, object)[] attributes)
    {
        string Numbers(string name, int further, float least) =>
            builder.Floats($"{output}.{name}", [.. Graphs.Floats(channels, seed + further).Select(v => least > 0 ? MathF.Abs(v) + least : v)], channels);
        return builder.NodeInto(output, "BatchNormalization",
            [x, Numbers("scale", 0, 0), Numbers("bias", 1, 0), Numbers("mean", 2, 0), Numbers("variance", 3, 0.01f)], [("epsilon", 1e-3f), .. attributes]);
    }

    private static OnnxModel NormThenConv(long pad, int kernel, int group, bool shift)
    {
        var builder = Images(4);
        if (shift)
        {
            BatchNorm(builder, "x", "n", 4);
        }
        else
        {
            var (zeros, numbers) = (builder.Floats("zeros", new float[4], 4), builder.Floats("numbers", [1, 2, 3, 4], 4));
            builder.NodeInto("n", "BatchNormalization", ["x", numbers, zeros, zeros, numbers]);
        }

        Conv(builder, "n", "y", 4, 6, kernel, group, bias: true, ("group", group), ("pads", new[] { pad, pad, pad, pad }));
        builder.Output("y");
        return builder.Build();
    }

    private static void SetAutoPad(OnnxModel model, string value)
    {
        if (value.Length > 0)
        {
            var conv = model.Graph.Node.Single(n => n.OpType == "Conv");
            conv.Attribute.Remove(conv.Attribute.Single(a => a.Name == "pads"));
            conv.Attribute.Add(new AttributeProto
            {
                Name = "auto_pad",
                Type = AttributeProto.Types.AttributeType.String,
                S = Google.Protobuf.ByteString.CopyFromUtf8(value),
            });
        }
    }

    private static OnnxModel Gemm(ElementType type)
    {
        var builder = GraphBuilder.Empty();
        builder.Input("x", ElementType.Float, -1, 3);
        string Numbers(string name, params double[] values) => builder.Reals(name, type, values, values.Length);
        builder.NodeInto("cast", "Cast", ["x"], ("to", (int)type));
        builder.NodeInto("g", "Gemm", ["cast", builder.Reals("w", type, [1, 2, 3, 4, 5, 6], 3, 2)]);
        builder.NodeInto("n", "BatchNormalization", ["g", Numbers("scale", 1, 2), Numbers("bias", 3, 4), Numbers("mean", 5, 6), Numbers("variance", 7, 8)]);
        builder.NodeInto("y", "Cast", ["n"], ("to", (int)ElementType.Float));
        builder.Output("y");
        return builder.Build();
    }

    private static TensorProto Tensor(float[] values, params long[] dims) =>
        new() { DataType = (int)ElementType.Float, FloatData = { values }, Dims = { dims } };

    /// <summary>Folds, holds every output against what the runtime gave before, and gives the folded model.</summary>
    private static OnnxModel Same(OnnxModel model, int folded, int left, params long[] shape)
    {
        shape = shape.Length > 0 ? shape : [2, .. model.Inputs[0].Dimensions!.Skip(1)];
        var (name, values) = (model.Inputs[0].Name, TensorValue.Of(Graphs.Floats((int)shape.Aggregate(1L, (a, b) => a * b), 99), shape));
        var before = model.ToBytes();

        var result = BatchNormFolding.Fold(model, out var count);

        Assert.Equal(new BatchNormCount(folded, left), count);
        Assert.Equal(before, model.ToBytes());
        Assert.Equal(folded == 0, ReferenceEquals(model, result));
        foreach (var output in model.Outputs.Select(o => o.Name))
        {
            var expected = Graphs.Run(Cut.At(model, [output]), (name, values));
            using var session = OnnxSession.Open(result, new SessionSettings { Provider = ExecutionProvider.Cpu, Threads = 1 });
            var found = session.Run(new Dictionary<string, TensorValue> { [name] = values })[output];
            Assert.Equal(expected.Shape, found.Shape);
            Graphs.Near(expected.Floats, found.Floats, 1e-5f * expected.Floats.Max(MathF.Abs));
        }

        return result;
    }
}
