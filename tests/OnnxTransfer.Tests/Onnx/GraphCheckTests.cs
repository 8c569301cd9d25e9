using Google.Protobuf;
using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;
using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Tests.Onnx;

/// <summary>What is refused when a file is read, with the whole message; and what is mended.</summary>
public class GraphCheckTests
{
    [Fact]
    public void Nodes_out_of_order_are_sorted_and_give_the_same_numbers()
    {
        var ordered = Chain(6);
        var proto = ordered.Proto.Clone();
        var nodes = proto.Graph.Node.Reverse().ToArray();
        proto.Graph.Node.Clear();
        proto.Graph.Node.AddRange(nodes);

        var read = Read(proto);

        Assert.Equal(ordered.TensorNames, read.TensorNames);
        var x = TensorValue.Of([0.5f, -2], 1, 2);
        Assert.Equal(Graphs.Run(ordered, ("x", x)).Floats, Graphs.Run(read, ("x", x)).Floats);
    }

    [Fact]
    public void What_can_keep_its_place_keeps_it()
    {
        var proto = Model(("b", ["x"]), ("d", ["c"]), ("c", ["x"]), ("a", ["b"]));

        Assert.Equal(["b", "c", "d", "a"], Read(proto).TensorNames);
    }

    [Fact]
    public void A_cycle_names_its_nodes() => Assert.Equal(
        "net: node 'a' (Add) -> node 'b' (Add) -> node 'c' (Add) -> node 'a' (Add) read each other's results in a circle; "
        + "expected a graph without cycles: export the model again",
        Refused(Model(("start", ["x"]), ("a", ["start", "c"]), ("b", ["a", "x"]), ("c", ["b", "x"]), ("y", ["c"]))));

    [Fact]
    public void A_node_that_reads_itself_is_a_cycle() => Assert.StartsWith(
        "net: node 'y' (Add) -> node 'y' (Add) read each other's results in a circle", Refused(Model(("y", ["x", "y"]))));

    [Fact]
    public void A_missing_weight_is_named_with_its_node() => Assert.Equal(
        "net: node 'y' (Add) reads tensor 'w', which no node, input or initialiser gives; "
        + "expected all weights in the file: export the model again with its weights",
        Refused(Model(("y", ["x", "w"]))));

    [Fact]
    public void A_subgraph_reads_what_is_around_it_in_order_and_no_more()
    {
        var proto = If("late");
        proto.Graph.Node.Add(new NodeProto { Name = "late", OpType = "Relu", Input = { "x" }, Output = { "late" } });

        Assert.Equal(["late", "y"], Read(proto).TensorNames);
        Assert.StartsWith("net: node 'inner' (Identity) reads tensor 'nowhere', which", Refused(If("nowhere")));
    }

    [Fact]
    public void A_tensor_given_twice_names_both_nodes()
    {
        var proto = Model(("a", ["x"]), ("y", ["a"]));
        proto.Graph.Node.Add(new NodeProto { Name = "again", OpType = "Relu", Input = { "x" }, Output = { "a" } });
        Assert.Equal(
            "net: tensor 'a' is given twice, by node 'a' (Relu) and by node 'again' (Relu); expected one giver of each tensor: export the model again", Refused(proto));

        Assert.StartsWith("net: tensor 'x' is given twice, by an input or initialiser and by node 'x' (Relu)", Refused(Model(("x", ["x"]), ("y", ["x"]))));
    }

    [Fact]
    public void A_node_that_gives_nothing_is_refused()
    {
        var proto = Model(("a", ["x"]), ("y", ["a"]));
        proto.Graph.Node.Add(new NodeProto { Name = "idle", OpType = "Cast", Input = { "x" } });

        Assert.Equal("net: node 'idle' (Cast) gives nothing; expected at least one output of each node: export the model again", Refused(proto));
    }

    [Fact]
    public void Two_weights_inputs_or_outputs_of_one_name_are_refused()
    {
        var twice = Chain(1).Proto.Clone();
        twice.Graph.Initializer.Add(twice.Graph.Initializer[0].Clone());
        Assert.Equal("net: has two initialisers 'w'; expected one of each name: export the model again", Refused(twice));

        twice = Chain(1).Proto.Clone();
        twice.Graph.Input.Add(twice.Graph.Input[0].Clone());
        Assert.Equal("net: has two inputs 'x'; expected one of each name: export the model again", Refused(twice));

        twice = Chain(1).Proto.Clone();
        twice.Graph.Output.Add(twice.Graph.Output[0].Clone());
        Assert.Equal("net: has two outputs 'n0'; expected one of each name: export the model again", Refused(twice));
    }

    [Fact]
    public void Weights_must_fill_their_dimensions()
    {
        const string Cure = "it is damaged or was written wrongly, export or download it again";
        Assert.Equal($"net: tensor 'w' has 8 bytes of data; expected 12 for float[3]: {Cure}", Weight(t => t.Dims[0] = 3));
        Assert.Equal($"net: tensor 'w' has 8 bytes of data; expected 16 for double[2]: {Cure}", Weight(t => t.DataType = (int)ElementType.Double));
        Assert.Equal($"net: tensor 'w' has 0 values; expected 2 for float[2]: {Cure}", Weight(t => t.ClearRawData()));
        Assert.Equal(
            $"net: tensor 'w' has 3 values; expected 2 for int64[2]: {Cure}",
            Weight(t =>
            {
                t.ClearRawData();
                t.DataType = (int)ElementType.Int64;
                t.Int64Data.Add([1, 2, 3]);
            }));
    }

    [Fact]
    public void Constants_in_attributes_are_checked_too()
    {
        var proto = Model(("y", ["x", "k"]));
        var node = new NodeProto { Name = "k", OpType = "Constant", Output = { "k" } };
        node.Attribute.Add(new AttributeProto { Name = "value", Type = AttributeProto.Types.AttributeType.Tensor, T = new TensorProto { DataType = 1, Dims = { 2 }, RawData = ByteString.CopyFrom(1, 2) } });
        proto.Graph.Node.Insert(0, node);

        Assert.StartsWith("net: attribute 'value' of node 'k' (Constant) has 2 bytes of data; expected 8 for float[2]", Refused(proto));
    }

    [Theory]
    [InlineData(-1, "-1")]
    [InlineData(long.MaxValue, "9223372036854775807")]
    [InlineData(1L << 50, "1125899906842624")]
    public void Absurd_dimensions_are_refused(long dim, string shown) => Assert.Equal(
        $"net: tensor 'w' has dimensions [{shown}]; expected sizes that fit in memory, none negative: it is damaged, export or download it again",
        Weight(t => t.Dims[0] = dim));

    [Fact]
    public void An_absurd_input_is_refused()
    {
        var proto = Chain(1).Proto.Clone();
        proto.Graph.Input[0].Type.TensorType.Shape.Dim[1].DimValue = 1L << 40;

        Assert.Equal(
            "net: float x[N,1099511627776] has more than 2147483647 elements per image; expected the size of an image or its embedding: export the model again",
            Refused(proto));
    }

    [Fact]
    public void An_unknown_element_type_is_refused() => Assert.Equal(
        "net: tensor 'w' has element type 99; expected one of ONNX's, 1 to 26: it is damaged, or from a newer ONNX than this program knows: export or download it again",
        Weight(t => t.DataType = 99));

    [Fact]
    public void An_operator_set_too_old_or_unstated_is_refused()
    {
        var proto = Chain(1).Proto.Clone();
        proto.OpsetImport[0].Version = 6;
        Assert.Equal("net: uses operator set 6; expected 7 or newer: convert it with onnx.version_converter.convert_version(model, 13)", Refused(proto));

        proto.OpsetImport[0].Domain = "com.example";
        Assert.Equal("net: states no version of ONNX's own operator set, only of 'com.example'; expected 7 or newer: export it again", Refused(proto));
    }

    [Fact]
    public void An_output_that_nobody_gives_is_refused()
    {
        var open = Chain(1).Proto.Clone();
        open.Graph.Output[0].Name = "z";
        Assert.Equal("net: output 'z' is given by no node, input or initialiser; expected each output among them: export the model again", Refused(open));

        open.Graph.Output.Clear();
        Assert.Contains("expected an ONNX model (a protobuf ModelProto with a graph, its outputs and an operator set)", Refused(open));
    }

    [Fact]
    public void A_chain_of_a_hundred_thousand_nodes_backwards_does_not_overflow_the_stack()
    {
        var proto = Model([.. Enumerable.Range(0, 100_000).Select(i => ($"n{i}", new[] { i == 0 ? "x" : $"n{i - 1}" })).Reverse()]);

        var names = Read(proto).TensorNames.ToArray();

        Assert.Equal(("n0", "n99999"), (names[0], names[^1]));
    }

    private static string Refused(ModelProto proto) => Assert.Throws<OnnxException>(() => Read(proto)).Message;

    private static string Weight(Action<TensorProto> change)
    {
        var proto = Chain(1).Proto.Clone();
        change(proto.Graph.Initializer[0]);
        return Refused(proto);
    }

    private static OnnxModel Read(ModelProto proto) => OnnxModel.Parse(proto.ToByteArray(), "net");

    /// <summary>x [N, 2], then n nodes that add w or apply relu in turn.</summary>
    private static OnnxModel Chain(int n)
    {
        var builder = GraphBuilder.Empty();
        builder.Input("x", ElementType.Float, -1, 2);
        var (last, w) = ("x", builder.Floats("w", [1, -3], 2));
        for (var i = 0; i < n; i++)
        {
            last = builder.NodeInto($"n{i}", i % 2 == 0 ? "Add" : "Relu", i % 2 == 0 ? [last, w] : [last]);
        }

        builder.Output(last);
        return builder.Build();
    }

    /// <summary>Relu of one, Add of two inputs; each node and its tensor of the same name. The last node of the list gives the output, or the first that is called y.</summary>
    private static ModelProto Model(params (string Name, string[] Inputs)[] nodes)
    {
        var builder = GraphBuilder.Empty();
        builder.Input("x", ElementType.Float, -1, 2);
        foreach (var (name, inputs) in nodes)
        {
            var node = new NodeProto { Name = name, OpType = inputs.Length == 1 ? "Relu" : "Add", Input = { inputs }, Output = { name } };
            builder.Graph.Node.Add(node);
        }

        builder.Output(nodes.Any(n => n.Name == "y") ? "y" : nodes[^1].Name);
        return builder.Build().Proto;
    }

    /// <summary>y = If(condition): both branches are the identity of <paramref name="read"/>.</summary>
    private static ModelProto If(string read)
    {
        var builder = GraphBuilder.Empty();
        builder.Input("x", ElementType.Float, -1, 2);
        builder.Input("condition", ElementType.Bool);
        var branch = new GraphProto { Name = "branch", Output = { new ValueInfoProto { Name = "inner" } } };
        branch.Node.Add(new NodeProto { Name = "inner", OpType = "Identity", Input = { read }, Output = { "inner" } });
        var node = new NodeProto { Name = "y", OpType = "If", Input = { "condition" }, Output = { "y" } };
        foreach (var name in new[] { "then_branch", "else_branch" })
        {
            node.Attribute.Add(new AttributeProto { Name = name, Type = AttributeProto.Types.AttributeType.Graph, G = branch });
        }

        builder.Graph.Node.Add(node);
        builder.Output("y");
        return builder.Build().Proto;
    }
}
