using Google.Protobuf;
using OnnxTransfer.Onnx;
using OnnxTransfer.Onnx.Proto;
using static OnnxTransfer.Tests.Onnx.OneNode;

namespace OnnxTransfer.Tests.Onnx;

public class ModelProfileTests
{
    private static readonly long[] X = [2, 4, 9, 7];

    [Fact]
    public void Multiply_adds_are_those_of_convolutions_and_matrix_products()
    {
        // Output elements times channels of a group times kernel; worked by hand.
        Assert.Equal(2 * 6 * 9 * 7 * (4 * 3 * 3), Macs(Of(13, "Conv", [X, new Weights([6, 4, 3, 3]), new Weights([6])], 1, ("pads", new long[] { 1, 1, 1, 1 }))));
        Assert.Equal(2 * 8 * 4 * 3 * (2 * 3 * 3), Macs(Of(13, "Conv", [X, new Weights([8, 2, 3, 3])], 1, ("group", 2), ("strides", new long[] { 2, 2 }))));

        // Input elements times outputs of a group times kernel.
        Assert.Equal(2 * 4 * 9 * 7 * (3 * 2 * 2), Macs(Of(13, "ConvTranspose", [X, new Weights([4, 3, 2, 2])], 1, ("group", 2), ("strides", new long[] { 2, 2 }))));

        // m n k.
        Assert.Equal(3 * 4 * 5, Macs(Of(13, "Gemm", [new long[] { 3, 5 }, new Weights([5, 4]), new Weights([4])])));
        Assert.Equal(3 * 4 * 5, Macs(Of(13, "Gemm", [new long[] { 5, 3 }, new Weights([4, 5])], 1, ("transA", 1), ("transB", 1))));
        Assert.Equal(7 * 3 * 4 * 5, Macs(Of(13, "MatMul", [new long[] { 7, 3, 5 }, new Weights([5, 4])])));
        Assert.Equal(0, Macs(Of(13, "BatchNormalization", [X, new Weights([4]), new Weights([4]), new Weights([4]), new Weights([4])])));
        Assert.Equal(0, Macs(Of(13, "Add", [X, new Weights([7])])));
    }

    [Fact]
    public void Memory_is_that_of_the_tensors_alive_at_once()
    {
        // x 16 bytes, a 16, b 48, c 48, unread 48, y 12.
        var builder = GraphBuilder.Empty();
        builder.Input("x", ElementType.Float, -1, 4);
        builder.Node("Relu", ["x"], "a");
        builder.Node("Concat", ["a", "a", "a"], "b", ("axis", 1));
        builder.Node("Neg", ["b"], "c");
        builder.Node("Relu", ["c"], "unread");
        builder.Node("Cast", ["c"], "y", ("to", (int)ElementType.UInt8));
        builder.Output("y");
        var chain = builder.Build();

        // While c is computed, b 48 and c 48; while "unread" is, c and it, after which it goes.
        Assert.Equal(96, Profile(chain).ActivationBytes);
        Assert.Equal(5 * 96, Profile(chain, batch: 5).ActivationBytes);

        // An output lives to the end: 16 of a besides.
        chain.Graph.Output.Add(new ValueInfoProto { Name = "a" });
        Assert.Equal(112, Profile(new OnnxModel(chain.Proto, "net.onnx")).ActivationBytes);
    }

    [Fact]
    public void A_shortcut_is_held_until_it_is_added()
    {
        var builder = GraphBuilder.Empty();
        builder.Input("x", ElementType.Float, -1, 100);
        var weights = builder.Floats("w", new float[10_000], 100, 100);
        builder.Node("MatMul", ["x", weights], "a");
        builder.Node("Relu", ["a"], "b");
        builder.Node("Add", ["b", "x"], "y");
        builder.Output("y");

        // x with a and b, or with b and y; the weights are not counted.
        Assert.Equal(3 * 400, Profile(builder.Build()).ActivationBytes);
    }

    [Fact]
    public void A_weight_that_two_nodes_share_counts_once()
    {
        var builder = GraphBuilder.Empty();
        builder.Input("x", ElementType.Float, -1, 3);
        var weights = builder.Floats("w", new float[9], 3, 3);
        builder.Longs("shape", [1, 2], 2);
        builder.Node("MatMul", ["x", weights], "a");
        builder.Node("MatMul", ["a", weights], "b");
        builder.Node("Relu", ["b"], "c");
        builder.Output("c");
        var profile = Profile(builder.Build());

        Assert.Equal(9, profile.Parameters);
        Assert.Equal(18, profile.Macs);
        Assert.Equal(new Dictionary<string, int> { ["MatMul"] = 2, ["Relu"] = 1 }, profile.OperatorCounts);
        Assert.Empty(profile.Warnings);
    }

    [Fact]
    public void Unfolded_batch_normalisation_is_warned_of()
    {
        var builder = GraphBuilder.Empty();
        builder.Input("x", ElementType.Float, -1, 1, 3, 3);
        var (w, one) = (builder.Floats("w", new float[1], 1, 1, 1, 1), builder.Floats("one", [1], 1));
        builder.Node("BatchNormalization", ["x", one, one, one, one], "a");
        builder.Node("Conv", ["a", w], "b");
        builder.Node("BatchNormalization", ["b", one, one, one, one], "c");
        builder.Node("Conv", ["c", w], "d");
        builder.Node("BatchNormalization", ["d", one, one, one, one], "e");
        builder.Node("Add", ["d", "e"], "f");
        builder.Output("f");

        // Behind the input, behind b, behind d, which is read twice.
        Assert.Equal(["Batch normalisation is not folded: 3 nodes, 1 of them right behind a convolution or Gemm, where ONNX Runtime folds most by itself on loading; each of the rest reads and writes a whole activation."],
            Profile(builder.Build()).Warnings);
    }

    [Fact]
    public void A_fixed_batch_is_warned_of() =>
        Assert.Equal(["The batch is fixed: input 'float x0[2,4,9,7]' takes 2 at a time; it is made open on loading where the graph allows."],
            Profile(Of(13, "Relu", [X])).Warnings);

    [Theory]
    [InlineData(ElementType.Double, "It computes in float64 (double): twice the memory and at most half the speed of float32, and far slower on most GPUs.")]
    [InlineData(ElementType.Float16, "It computes in float16: made for GPUs; a CPU converts to float32 and back around each operator.")]
    public void Other_precisions_are_warned_of(ElementType type, string warning)
    {
        var cast = Of(13, "Cast", [new long[] { -1, 3 }], 1, ("to", (int)type));
        var weights = Graphs.Relu(3);
        weights.Graph.Initializer.Add(new TensorProto { Name = "w", DataType = (int)type });

        Assert.Equal([warning], Profile(cast).Warnings);
        Assert.Equal([warning], Profile(weights).Warnings);
    }

    [Theory]
    [InlineData("Dropout", 13, true)]
    [InlineData("Dropout", 13, false)]
    [InlineData("BatchNormalization", 15, true)]
    [InlineData("BatchNormalization", 15, false)]
    [InlineData("BatchNormalization", 9, true)]
    [InlineData("BatchNormalization", 9, false)]
    public void Training_mode_is_warned_of(string operation, int opset, bool training)
    {
        var part = new Weights([4]);
        var model = operation == "Dropout"
            ? Of(opset, operation, [new long[] { -1, 4 }, new Weights([], [0.5f]), new Longs(1)])
            : Of(opset, operation, [new long[] { -1, 4 }, part, part, part, part], training && opset < 14 ? 3 : 1, opset >= 14 ? [("training_mode", training ? 1 : 0)] : []);
        if (operation == "Dropout")
        {
            var mode = model.Graph.Initializer.Single(t => t.DataType == (int)ElementType.Int64);
            (mode.DataType, mode.RawData) = ((int)ElementType.Bool, ByteString.CopyFrom(training ? (byte)1 : (byte)0));
            mode.Dims.Clear();
        }

        var warnings = Profile(model).Warnings.Where(w => w.Contains("training", StringComparison.Ordinal));

        Assert.Equal(training ? [$"It was exported in training mode: 1 node ({operation}) whose outputs depend on the batch or on chance; export it again after model.eval()."] : [],
            warnings);
    }

    [Fact]
    public void Dropping_nothing_is_no_training()
    {
        var model = Of(13, "Dropout", [new long[] { -1, 4 }, new Weights([], [0f]), new Longs(1)]);

        Assert.Empty(Profile(model).Warnings);
    }

    [Fact]
    public void Operators_without_rule_and_unknown_shapes_are_warned_of() => Assert.Equal(
    [
        "No shape rule is known for Magic; what follows is known only where the file declares it.",
        "Of 1 tensors the shape is unknown, so that multiply-adds and memory are more than stated; the first: node 'tested' (Magic): no shape rule is known for this operator.",
    ],
    Profile(Of(13, "Magic", [new long[] { -1, 3 }])).Warnings);

    private static long Macs(OnnxModel model) => Profile(model).Macs;

    private static ModelProfile Profile(OnnxModel model, int batch = 1) => ModelProfile.Of(model, TensorShapes.Infer(model, batch));
}
