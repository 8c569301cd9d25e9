using System.Text.Json;
using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;
using OnnxTransfer.Onnx.Quantization;

namespace OnnxTransfer.Tests.Onnx;

/// <summary>Int8 networks, against golden/make_int8.py, which computes the same in whole numbers with PyTorch.</summary>
public class Int8PrecisionTests
{
    private static readonly JsonElement Golden = Tests.Onnx.Golden.Case("network", "int8.json");

    [Theory]
    [InlineData(false, "int8")]
    [InlineData(true, "int7")]
    public void Gives_the_numbers_of_whole_number_arithmetic(bool reduceRange, string expected)
    {
        var model = Network();
        var plan = Int8Plan.Of(BatchNormFolding.Fold(model));

        var int8 = Int8Precision.Convert(plan, Ranges(), reduceRange);
        var found = Graphs.Run(int8, ("x", X())).Floats;

        Assert.Equal(["x", "a", "b", "c", "s", "n", "y", "p"], plan.Observed.Order(StringComparer.Ordinal).OrderBy(name => "xabcsnyp".IndexOf(name[0], StringComparison.Ordinal)));
        Assert.All(plan.Layers, layer => Assert.Null(layer.Stays));
        Assert.Empty(plan.Others);
        var (golden, step) = (Golden.Floats(expected), (float)Golden.GetProperty("step").GetDouble());
        Graphs.Near(golden, found, 1.01f * step); // a value between two steps may be rounded either way
        Assert.InRange(golden.Zip(found).Count(pair => Math.Abs(pair.First - pair.Second) < 0.01 * step), 0.95 * golden.Length, golden.Length);
        Assert.Contains(golden.Zip(Golden.Floats("float")), pair => Math.Abs(pair.First - pair.Second) > step);
    }

    [Fact]
    public void Is_written_as_a_graph_that_stands_every_check()
    {
        var int8 = Int8Precision.Convert(Int8Plan.Of(BatchNormFolding.Fold(Network())), Ranges());

        var read = OnnxModel.Parse(int8.ToBytes());

        Assert.Equal(["float x[N,3,8,8]"], read.Inputs.Select(i => i.ToString()));
        Assert.Equal(["float y[N,4,4,4]"], read.Outputs.Select(o => o.ToString()));
        Assert.Empty(TensorShapes.Infer(read, 2).Unknown);
        Assert.DoesNotContain(read.Graph.Node, node => node.OpType is "Relu" or "BatchNormalization");
        Assert.Equal(5, read.Operators["Conv"]);
        var types = new ElementTypes(read.Graph);
        foreach (var conv in read.Graph.Node.Where(n => n.OpType == "Conv"))
        {
            var given = conv.Input.Select(name => read.Graph.Node.Single(n => n.Output[0] == name)).ToArray();
            Assert.All(given, node => Assert.Equal("DequantizeLinear", node.OpType));
            Assert.Equal([ElementType.UInt8, ElementType.Int8, ElementType.Int32], given.Select(node => types[node.Input[0]]));
            Assert.Equal("QuantizeLinear", Assert.Single(read.Graph.Node, n => n.Input[0] == conv.Output[0]).OpType);
        }
    }

    [Fact]
    public void A_layer_that_is_kept_stays_in_float32()
    {
        var folded = BatchNormFolding.Fold(Network());
        var plan = Int8Plan.Of(folded, "c");

        var int8 = Int8Precision.Convert(plan, Ranges());

        Assert.Equal(("c", "Conv", "kept"), plan.Layers.Where(layer => layer.Stays is not null).Select(l => (l.Name, l.Operator, l.Stays!)).Single());
        Assert.Equal("w3", int8.Graph.Node.Single(n => n.Output[0] == "c").Input[1]);
        var error = Distance(Graphs.Run(int8, ("x", X())).Floats);
        Assert.InRange(error, 0, Distance(Golden.Floats("int8")));
    }

    [Fact]
    public void A_tap_inside_keeps_its_name_and_is_what_its_bytes_say()
    {
        var network = Cut.At(BatchNormFolding.Fold(Network()), "a", "s");

        var int8 = Int8Precision.Convert(Int8Plan.Of(network), Ranges());

        Assert.Equal(["a", "s"], int8.Outputs.Select(o => o.Name));
        var range = Ranges()["a"];
        Assert.All(Graphs.Run(int8, ("x", X())).Floats, value => Assert.Equal(0, Math.IEEERemainder(value, range.High / 255), 1e-4));
    }

    [Fact]
    public void Values_are_moved_about_as_bytes()
    {
        var builder = GraphBuilder.Empty();
        builder.Input("x", ElementType.Float, -1, 2, 4, 4);
        var conv = builder.Node("Conv", ["x", builder.Floats("w", Graphs.Floats(3 * 2, 1), 3, 2, 1, 1)], "conv");
        var slice = builder.Node("Slice", [conv, builder.Longs("from", [0], 1), builder.Longs("to", [2], 1), builder.Longs("axis", [1], 1)], "slice");
        var pad = builder.Node("Pad", [slice, builder.Longs("pads", [0, 1, 0, 0, 0, 0, 0, 0], 8)], "pad");
        var again = builder.Node("Conv", [pad, builder.Floats("w2", Graphs.Floats(2 * 3, 2), 2, 3, 1, 1)], "again");
        var flat = builder.Node("Flatten", [again], "flat");
        builder.NodeInto("y", "Gemm", [flat, builder.Floats("w3", Graphs.Floats(32 * 2, 3), 32, 2), builder.Floats("b3", [1, -1], 2)]);
        builder.Output("y", ElementType.Float, -1, 2);
        var model = builder.Build();
        var plan = Int8Plan.Of(model);
        var x = TensorValue.Of(Graphs.Floats(64, 5), 2, 2, 4, 4);

        var int8 = Int8Precision.Convert(plan, plan.Observed.ToDictionary(t => t, _ => new ValueRange(-2, 2)));

        var types = new ElementTypes(int8.Graph);
        Assert.All(int8.Graph.Node.Where(n => n.OpType is "Slice" or "Pad" or "Flatten"), node => Assert.Equal(ElementType.UInt8, types[node.Input[0]]));
        Assert.Equal("y", int8.Graph.Node.Single(n => n.OpType == "Gemm").Output[0]); // float32 at once, for whoever reads it
        Graphs.Near(Graphs.Run(model, ("x", x)).Floats, Graphs.Run(int8, ("x", x)).Floats, 0.1f);
    }

    [Fact]
    public void A_bias_beyond_its_integers_coarsens_its_channel_alone()
    {
        var signed = SignedWeights.Of([1e-9f, 1e-9f, 0.5f, -1], channels: 2, stride: 2, levels: 127, bias: [100, 1], inputScale: 0.01);

        Assert.Equal(100 / (0.01 * (1 << 30)), signed.Scales[0], 1e-9);
        Assert.Equal((float)(1 / 127.0), signed.Scales[1]);
        Assert.Equal([(sbyte)0, (sbyte)0, (sbyte)64, (sbyte)-127], signed.Values);
    }

    [Fact]
    public void A_tensor_that_is_always_zero_gets_steps_of_one() => Assert.Equal(new UInt8Steps(1, 0), UInt8Steps.Over(new(0, 0)));

    [Fact]
    public void A_range_on_one_side_of_zero_is_widened_to_it()
    {
        Assert.Equal(new UInt8Steps(2f / 255, 0), UInt8Steps.Over(new(1, 2)));
        Assert.Equal(new UInt8Steps(2f / 255, 255), UInt8Steps.Over(new(-2, -1)));
    }

    [Fact]
    public void What_cannot_be_quantised_says_why()
    {
        var folded = BatchNormFolding.Fold(Network());
        string Refused(OnnxModel model, params string[] keep) => Assert.Throws<OnnxException>(() => Int8Plan.Of(model, keep)).Message;

        var twice = Refused(Int8Precision.Convert(Int8Plan.Of(folded), Ranges()));
        Assert.Contains("is quantised already, as node 'x_uint8' (QuantizeLinear) shows; expected a float32 network: quantise the one it was made of", twice, StringComparison.Ordinal);
        Assert.Contains("has nothing that could compute in int8 (no Conv, Gemm or MatMul); expected a layer with constant float32 weights that is not kept: stay with float32", Refused(Graphs.Relu(4)), StringComparison.Ordinal);
        Assert.Contains("has nothing that could compute in int8 ('a_real' (Conv): its weights are float16, not float32;", Refused(HalfPrecision.Convert(Network())), StringComparison.Ordinal);
        Assert.Contains("has no layer 'd' to keep in float32; its layers give '", Refused(folded, "d"), StringComparison.Ordinal);
        Assert.Contains("uses operator set 12; int8 weights with a scale for each channel need 13: convert it with onnx.version_converter.convert_version(model, 13)", Refused(Network(12)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_range_that_is_missing_or_not_finite_is_named()
    {
        var plan = Int8Plan.Of(BatchNormFolding.Fold(Network()));
        var ranges = Ranges();
        ranges["s"] = new(double.NegativeInfinity, 1);

        var infinite = Assert.Throws<OnnxException>(() => Int8Precision.Convert(plan, ranges)).Message;
        ranges.Remove("s");
        var missing = Assert.Throws<OnnxException>(() => Int8Precision.Convert(plan, ranges)).Message;

        Assert.Contains("tensor 's' has the range -Infinity to 1; expected finite values", infinite, StringComparison.Ordinal);
        Assert.Contains("tensor 's' has no range; expected finite values", missing, StringComparison.Ordinal);
    }

    private static double Distance(float[] found) => Golden.Floats("float").Zip(found, (a, b) => Math.Pow(a - b, 2)).Sum();

    private static TensorValue X() => TensorValue.Of(Golden.Floats("x"), 4, 3, 8, 8);

    private static Dictionary<string, ValueRange> Ranges()
    {
        var ranges = Golden.GetProperty("ranges").EnumerateObject()
            .ToDictionary(pair => pair.Name, pair => new ValueRange(pair.Value[0].GetDouble(), pair.Value[1].GetDouble()));
        ranges["p"] = ranges["a"];
        return ranges;
    }

    // The batch norm behind an Add can be folded nowhere, as in a ResNet of version 2.
    private static OnnxModel Network(int opset = 13)
    {
        var builder = GraphBuilder.Empty(opset);
        builder.Input("x", ElementType.Float, -1, 3, 8, 8);
        string W(string name, params long[] dims) => builder.Floats(name, Golden.Floats(name), dims);
        var a = builder.NodeInto("a_real", "Conv", ["x", W("w1", 6, 3, 3, 3), W("b1", 6)], ("pads", new long[] { 1, 1, 1, 1 }));
        builder.NodeInto("a", "Relu", [a]);
        builder.NodeInto("p", "MaxPool", ["a"], ("kernel_shape", new long[] { 2, 2 }), ("strides", new long[] { 2, 2 }));
        builder.NodeInto("b", "Conv", ["p", W("w2", 5, 6, 1, 1), W("b2", 5)]);
        builder.NodeInto("c", "Conv", ["b", W("w3", 5, 1, 3, 3), W("b3", 5)], ("pads", new long[] { 1, 1, 1, 1 }), ("group", 5));
        builder.NodeInto("s", "Add", ["b", "c"]);
        builder.NodeInto("bn", "BatchNormalization", ["s", W("bn_scale", 5), W("bn_bias", 5), W("bn_mean", 5), W("bn_variance", 5)]);
        builder.NodeInto("n", "Relu", ["bn"]);
        builder.NodeInto("y", "Conv", ["n", W("w4", 4, 5, 1, 1), W("b4", 4)]);
        builder.Output("y", ElementType.Float, -1, 4, 4, 4);
        return builder.Build();
    }

}
