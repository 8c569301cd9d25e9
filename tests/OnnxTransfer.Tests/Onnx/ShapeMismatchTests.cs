using OnnxTransfer.Onnx;
using OnnxTransfer.Onnx.Proto;
using static OnnxTransfer.Tests.Onnx.OneNode;

namespace OnnxTransfer.Tests.Onnx;

/// <summary>Graphs that make no sense: the reason names node, found and expected; nothing crashes, hangs or grows.</summary>
public class ShapeMismatchTests
{
    private static readonly long[] X = [1, 32, 8, 8];

    public static TheoryData<string, string> Reasons() => new()
    {
        { "Conv channels", "its input [1,32,8,8] has 32 channels; expected 64, as its weights [10,64,3,3] in 1 group say" },
        { "Conv groups", "has 3 groups for 10 outputs; expected a divisor" },
        { "Conv kernel", "has the kernel_shape [5,5]; expected that of its weights [10,32,3,3]" },
        { "Conv weights", "its weights have the shape [10,32,3]; expected 4 dimensions, as the input [1,32,8,8] has" },
        { "Conv bias", "its bias has the shape [9]; expected [10]" },
        { "Conv strides", "has the strides [0,1]; expected 2 numbers of at least 1" },
        { "Conv window", "slides a window of 9 over 8 with its padding; expected a window that fits" },
        { "Conv pads", "has numbers beyond 2^63" },
        { "BatchNormalization", "its input [1,32,8,8] has 32 channels; expected [31], as its mean has" },
        { "Add", "its inputs have the shapes [1,32,8,8] and [5]; expected shapes that broadcast, dimension by dimension equal or 1" },
        { "Gemm", "its input [2,5] has 5 columns; expected 4, the rows of [4,3]" },
        { "MatMul", "its input [2,5] has 5 columns; expected 4, the rows of [4,3]" },
        { "Reshape", "makes [2,5], 10 elements, into [3,4]; expected a shape of as many" },
        { "Reshape -2", "would have the shape [-2,-5]; expected no negative dimension and at most 2^62 elements" },
        { "Concat", "joins [2,5] and [3,5] along axis 1; expected all other dimensions equal" },
        { "Split", "divides 5 of [2,5] into [2,2]; expected 2 sizes that sum to it" },
        { "Flatten", "has the axis 3; expected -2 to 1, for its 2 dimensions" },
        { "Transpose", "names an axis twice in [0,0]" },
        { "Gather", "takes an element that its input [2,5] has not; expected indices from -2 to 1" },
        { "ConstantOfShape", "would have the shape [4611686018427387904,4]; expected no negative dimension and at most 2^62 elements" },
        { "Tile", "has numbers beyond 2^63" },
        { "Relu", "has 2 outputs; expected at most 1" },
        { "Sigmoid", "lacks its input 0" },
    };

    [Theory]
    [MemberData(nameof(Reasons))]
    public void The_reason_is_said(string name, string reason)
    {
        long[] matrix = [2, 5];
        var weights = new Weights([10, 32, 3, 3]);
        var model = name switch
        {
            "Conv channels" => Of(13, "Conv", [X, new Weights([10, 64, 3, 3])]),
            "Conv groups" => Of(13, "Conv", [X, weights], 1, ("group", 3)),
            "Conv kernel" => Of(13, "Conv", [X, weights], 1, ("kernel_shape", new long[] { 5, 5 })),
            "Conv weights" => Of(13, "Conv", [X, new Weights([10, 32, 3])]),
            "Conv bias" => Of(13, "Conv", [X, weights, new Weights([9])]),
            "Conv strides" => Of(13, "Conv", [X, weights], 1, ("strides", new long[] { 0, 1 })),
            "Conv window" => Of(13, "Conv", [X, weights], 1, ("dilations", new long[] { 4, 4 })),
            "Conv pads" => Of(13, "Conv", [X, weights], 1, ("pads", new[] { long.MaxValue, 0, 0, 0 })),
            "BatchNormalization" => Of(13, name, [X, new Weights([32]), new Weights([32]), new Weights([31]), new Weights([32])]),
            "Add" => Of(13, name, [X, new Weights([5])]),
            "Gemm" or "MatMul" => Of(13, name, [matrix, new Weights([4, 3])]),
            "Reshape" => Of(13, name, [matrix, new Longs(3, 4)]),
            "Reshape -2" => Of(13, "Reshape", [matrix, new Longs(-2, -5)]),
            "Concat" => Of(13, name, [matrix, new Weights([3, 5])], 1, ("axis", 1)),
            "Split" => Of(13, name, [matrix, new Longs(2, 2)], 2, ("axis", 1)),
            "Flatten" => Of(13, name, [matrix], 1, ("axis", 3)),
            "Transpose" => Of(13, name, [matrix], 1, ("perm", new long[] { 0, 0 })),
            "Gather" => Of(13, name, [matrix, new Longs(2)]),
            "ConstantOfShape" => Of(13, name, [new Longs(1L << 62, 4)]),
            "Tile" => Of(13, name, [matrix, new Longs(1L << 62, 4)]),
            "Relu" => Of(13, name, [matrix], 2),
            _ => Of(13, name, []),
        };

        var shapes = TensorShapes.Infer(model);

        Assert.Equal($"node 'tested' ({model.Graph.Node[0].OpType}): {reason}", shapes.Unknown["y0"]);
        Assert.Null(shapes["y0"]);
    }

    [Fact]
    public void What_the_file_declares_does_not_cure_a_mismatch()
    {
        var model = Of(13, "Conv", [X, new Weights([10, 64, 3, 3])]);
        model.Graph.Output[0].Type = Graphs.Relu(10, 6, 6).Graph.Input[0].Type;

        Assert.Contains("has 32 channels; expected 64", TensorShapes.Infer(model).Unknown["y0"]);
    }

    [Fact]
    public void A_weight_of_impossible_size_is_unknown()
    {
        var model = Of(13, "Conv", [X, new Weights([10, 32, 3, 3])]);
        model.Graph.Initializer[0].Dims[0] = long.MaxValue;

        var shapes = TensorShapes.Infer(model);

        Assert.Equal("weight 'x1': would have the shape [9223372036854775807,32,3,3]; expected no negative dimension and at most 2^62 elements", shapes.Unknown["x1"]);
        Assert.StartsWith("follows from 'x1', which is unknown: weight 'x1'", shapes.Unknown["y0"]);
    }

    [Fact]
    public void A_cycle_or_a_wrong_order_reads_what_nothing_gives()
    {
        var builder = GraphBuilder.Empty();
        builder.Node("Relu", ["b"], "a");
        builder.Node("Relu", ["a"], "b");
        builder.Output("b");

        var shapes = TensorShapes.Infer(builder.Build());

        Assert.Equal("node 'a' (Relu): reads 'b', which no input, weight or earlier node gives", shapes.Unknown["a"]);
        Assert.StartsWith("follows from 'a'", shapes.Unknown["b"]);
    }

    [Fact]
    public void A_long_chain_that_doubles_stays_small()
    {
        var builder = GraphBuilder.Empty();
        var tensor = builder.Input("x", ElementType.Float, 1, 2);
        for (var i = 0; i < 20_000; i++)
        {
            tensor = builder.Node("Concat", [tensor, tensor], $"{i}", ("axis", 1));
        }

        builder.Output(tensor);
        var model = builder.Build();
        var shapes = TensorShapes.Infer(model);

        Assert.Equal(1L << 62, shapes["60"]!.Count);
        Assert.Equal("node '61' (Concat): has numbers beyond 2^63", shapes.Unknown["61"]);
        Assert.Same(shapes.Unknown["62"], shapes.Unknown["19999"]);
        Assert.Equal(long.MaxValue, ModelProfile.Of(model, shapes).ActivationBytes);
    }

    [Fact]
    public void Ten_thousand_mutations_never_fail()
    {
        var random = new Random(5);
        foreach (var seed in ShapeRulesTests.Models())
        {
            for (var i = 0; i < 40; i++)
            {
                var proto = ModelProto.Parser.ParseFrom(seed);
                Mutate(proto, random);
                var model = new OnnxModel(proto, "mutated");

                var shapes = TensorShapes.Infer(model);

                Assert.All(model.TensorNames, t => Assert.True(shapes[t] is null == shapes.Unknown.ContainsKey(t), t));
                Assert.True(ModelProfile.Of(model, shapes).Macs >= 0);
            }
        }
    }

    private static void Mutate(ModelProto proto, Random random)
    {
        long Number() => random.Next(6) switch
        {
            0 => 0, 1 => -1, 2 => long.MaxValue, 3 => long.MinValue, 4 => 1L << random.Next(63), _ => random.Next(-5, 10),
        };
        void Shake(IList<long> numbers)
        {
            switch (random.Next(3))
            {
                case 0 when numbers.Count > 0: numbers[random.Next(numbers.Count)] = Number(); break;
                case 1 when numbers.Count > 0: numbers.RemoveAt(random.Next(numbers.Count)); break;
                default: numbers.Add(Number()); break;
            }
        }

        for (var i = random.Next(1, 3); i > 0; i--)
        {
            var node = proto.Graph.Node[random.Next(proto.Graph.Node.Count)];
            switch (random.Next(6))
            {
                case 0 when node.Attribute.Count > 0:
                    var attribute = node.Attribute[random.Next(node.Attribute.Count)];
                    attribute.I = Number();
                    Shake(attribute.Ints);
                    break;
                case 1 when proto.Graph.Initializer.Count > 0:
                    Shake(proto.Graph.Initializer[random.Next(proto.Graph.Initializer.Count)].Dims);
                    break;
                case 2 when proto.Graph.Initializer.Count > 0:
                    var weight = proto.Graph.Initializer[random.Next(proto.Graph.Initializer.Count)];
                    weight.RawData = Google.Protobuf.ByteString.CopyFrom([.. weight.RawData.Select(b => random.Next(4) == 0 ? (byte)random.Next(256) : b)]);
                    break;
                case 3 when proto.Graph.Input.Count > 0:
                    var dims = proto.Graph.Input[0].Type.TensorType.Shape.Dim;
                    dims[random.Next(dims.Count)].DimValue = Number();
                    break;
                case 4 when node.Input.Count > 0:
                    node.Input[random.Next(node.Input.Count)] = random.Next(2) == 0 ? "" : node.Output[0];
                    break;
                default:
                    node.OpType = proto.Graph.Node[0].OpType + (random.Next(3) == 0 ? "?" : "");
                    node.Input.Add(node.Input.Count > 0 ? node.Input[0] : "");
                    proto.OpsetImport[0].Version = random.Next(1, 22);
                    break;
            }
        }
    }
}
