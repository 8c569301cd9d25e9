using OnnxTransfer.Onnx;

namespace OnnxTransfer.Tests.Onnx;

/// <summary>The values that graphs compute their shapes with, against the numbers the runtime computes.</summary>
public class ShapeArithmeticTests
{
    [Fact]
    public void Values_equal_the_runtimes()
    {
        var builder = GraphBuilder.Empty();
        builder.Input("x", ElementType.Float, -1, 3, 17, 20);
        var shape = builder.Node("Shape", ["x"], "shape");
        var (odd, row) = (builder.Longs("odd", [7, -7, 2, -9], 4), builder.Longs("row", [3, -2], 2));
        var column = builder.Longs("column", [5, -4, 2], 3, 1);
        var (one, three) = (builder.Longs("one", [1], 1), builder.Longs("three", [3], 1));
        var (minus, scalar) = (builder.Longs("minus", [-1], 1), builder.Longs("scalar", [2]));
        var floats = builder.Floats("floats", [2.5f, -2.5f, 3.5f, 0.4f], 4);
        var first = builder.Longs("first", [long.MinValue], 1);
        var wanted = new List<string> { shape };
        void Add(string operation, string[] inputs, params (string, object)[] attributes) => wanted.Add(builder.Node(operation, inputs, operation, attributes));

        foreach (var operation in new[] { "Add", "Sub", "Mul", "Div", "Min", "Max" })
        {
            Add(operation, [row, column]);
        }

        Add("Mod", [odd, builder.Longs("divisor", [4, 4, -3, -2], 4)]);

        // torch's floor(size * scale), in float32.
        var sizes = builder.Node("Cast", [shape], "sizes", ("to", (int)ElementType.Float));
        Add("Mul", [sizes, floats]);
        Add("Floor", [wanted[^1]]);
        Add("Cast", [wanted[^1]], ("to", (int)ElementType.Int64));
        Add("Cast", [floats], ("to", (int)ElementType.Int64));
        foreach (var operation in new[] { "Neg", "Abs", "Ceil", "Floor", "Round", "Identity" })
        {
            Add(operation, [floats]);
        }

        Add("Sqrt", [sizes]);
        Add("Div", [sizes, floats]);
        Add("Sum", [floats, sizes, floats]);
        Add("Gather", [shape, scalar], ("axis", 0));
        Add("Gather", [shape, minus], ("axis", 0));
        Add("Gather", [column, one], ("axis", 0));
        Add("Slice", [shape, one, three]);
        Add("Slice", [odd, minus, first, builder.Longs("axis", [0], 1), minus]);
        Add("Concat", [row, odd, one], ("axis", 0));
        Add("Unsqueeze", [row, one]);
        Add("Squeeze", [column, one]);
        Add("Reshape", [odd, builder.Longs("square", [2, -1], 2)]);
        Add("Transpose", [wanted[^1]]);
        Add("Tile", [column, builder.Longs("twice", [1, 2], 2)]);
        Add("Expand", [row, builder.Longs("wide", [3, 1], 2)]);
        Add("ConstantOfShape", [builder.Longs("five", [2, 3], 2)]);
        Add("Range", [scalar, builder.Longs("limit", [-5]), builder.Longs("step", [-3])]);
        Add("Size", ["x"]);
        Add("Equal", [odd, builder.Longs("even", [7, 7, 2, 2], 4)]);
        Add("Where", [wanted[^1], odd, shape]);
        Add("Less", [odd, shape]);
        Add("Not", [wanted[^1]]);
        Add("ReduceSum", [odd, builder.Longs("all", [0], 1)], ("keepdims", 0));
        foreach (var operation in new[] { "ReduceProd", "ReduceMax", "ReduceMin" })
        {
            Add(operation, [odd], ("axes", new long[] { 0 }), ("keepdims", 1));
        }

        foreach (var name in wanted)
        {
            builder.Output(name);
        }

        var model = builder.Build();
        var shapes = TensorShapes.Infer(model, batch: 3);
        var run = RuntimeShapes.Of(model, shapes);

        Assert.Empty(shapes.Unknown);
        foreach (var name in wanted)
        {
            var value = run[name];
            Assert.Equal(value.Shape, shapes[name]!.Dimensions);
            Assert.True(shapes.Values(name) is not null, name);
            Assert.Equal(value.ElementType == ElementType.Float ? value.Floats.Select(v => (double)v) : value.Longs.Select(v => (double)v), shapes.Values(name)!);
        }
    }

    [Fact]
    public void Parts_of_a_shape_equal_the_runtimes()
    {
        var model = OneNode.Of(13, "Split", [new OneNode.Longs(4, 5, 6), new OneNode.Longs(1, 2)], 2);
        var shapes = TensorShapes.Infer(model);

        Assert.Equal([4.0], shapes.Values("y0")!);
        Assert.Equal(RuntimeShapes.Of(model, shapes)["y1"].Longs.Select(v => (double)v), shapes.Values("y1")!);
    }
}
