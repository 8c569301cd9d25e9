using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Tests.Onnx;

public class PoolingTests
{
    public static TheoryData<int, string> Cases()
    {
        var data = new TheoryData<int, string>();
        foreach (var (c, i) in Golden.Case("pooling").EnumerateArray().Select((c, i) => (c, i)))
        {
            foreach (var pooling in c.GetProperty("pooled").EnumerateObject())
            {
                data.Add(i, pooling.Name);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Equals_torchs_adaptive_pooling(int index, string pooling)
    {
        var golden = Golden.Case("pooling")[index];
        var shape = golden.Ints("shape");
        var x = golden.Floats("x");
        var batch = x.Length / shape.Aggregate(1, (a, b) => a * b);
        var parsed = TapPooling.Parse(pooling);

        var model = Pooling.Attach(Graphs.Identity(13, [.. shape.Select(d => (long)d)]), "y", parsed, shape, "pooled");
        var found = Graphs.Run(model, ("x", TensorValue.Of(x, [batch, .. shape.Select(d => (long)d)])));

        Assert.Equal([batch, parsed.WidthOf(shape)], found.Shape);
        Graphs.Near(golden.GetProperty("pooled").Floats(pooling), found.Floats, 1e-6f);
        Assert.Equal("float pooled[N," + parsed.WidthOf(shape) + "]", Assert.Single(model.Outputs).ToString());
    }

    [Fact]
    public void Feature_maps_in_NHWC_give_the_same_vector()
    {
        var golden = Golden.Case("pooling")[1];
        var (c, h, w) = (2, 7, 5);
        var x = golden.Floats("x");
        var swapped = new float[x.Length];
        for (var i = 0; i < x.Length; i++)
        {
            var (n, channel, y, column) = (i / (c * h * w), i / (h * w) % c, i / w % h, i % w);
            swapped[(((((n * h) + y) * w) + column) * c) + channel] = x[i];
        }

        var model = Pooling.Attach(Graphs.Identity(13, h, w, c), "y", TapPooling.GridOf(3), [c, h, w], "pooled", TensorLayout.Nhwc);
        var found = Graphs.Run(model, ("x", TensorValue.Of(swapped, 2, h, w, c)));

        Graphs.Near(golden.GetProperty("pooled").Floats("grid3"), found.Floats, 1e-6f);
    }

    [Theory]
    [InlineData(TensorLayout.Nchw)]
    [InlineData(TensorLayout.Nhwc)]
    public void Both_is_torchs_average_followed_by_its_max(TensorLayout layout)
    {
        var golden = Golden.Case("both", "taps.json");
        var (x, shape) = (golden.Floats(layout == TensorLayout.Nchw ? "x" : "xNhwc"), golden.Ints("shape"));
        long[] dims = layout == TensorLayout.Nchw ? [shape[0], shape[1], shape[2]] : [shape[1], shape[2], shape[0]];

        var model = Pooling.Attach(Graphs.Identity(13, dims), "y", TapPooling.Both, shape, "pooled", layout);
        var found = Graphs.Run(model, ("x", TensorValue.Of(x, [2, .. dims])));

        Assert.Equal([2, 2 * shape[0]], found.Shape);
        Graphs.Near(golden.Floats("pooled"), found.Floats, 1e-6f);
        Assert.Equal($"float pooled[N,{2 * shape[0]}]", Assert.Single(model.Outputs).ToString());
    }

    [Theory]
    [InlineData(ElementType.Float16, "average")]
    [InlineData(ElementType.Float16, "grid3")]
    [InlineData(ElementType.Double, "max")]
    [InlineData(ElementType.Double, "grid4")]
    public void Another_float_type_is_pooled_to_float32(ElementType type, string pooling)
    {
        var golden = Golden.Case("pooling")[1];
        var builder = GraphBuilder.Empty();
        builder.Input("x", ElementType.Float, -1, 2, 7, 5);
        builder.NodeInto("cast", "Cast", ["x"], ("to", (int)type));
        builder.NodeInto("y", "Identity", ["cast"]);
        builder.Output("y", type, -1, 2, 7, 5);

        var model = Pooling.Attach(builder.Build(), "y", TapPooling.Parse(pooling), [2, 7, 5], "pooled");

        Assert.StartsWith("float pooled[N,", Assert.Single(model.Outputs).ToString());
        Graphs.Near(golden.GetProperty("pooled").Floats(pooling), Graphs.Run(model, ("x", TensorValue.Of(golden.Floats("x"), 2, 2, 7, 5))).Floats, 2e-3f);
    }

    [Fact]
    public void None_squeezes_a_map_of_one_place()
    {
        var model = Pooling.Attach(Graphs.Identity(13, 512, 1, 1), "y", TapPooling.None, [512, 1, 1], "pooled");
        var x = Graphs.Floats(1024, seed: 1);

        var found = Graphs.Run(model, ("x", TensorValue.Of(x, 2, 512, 1, 1)));

        Assert.Equal([2, 512], found.Shape);
        Assert.Equal(x, found.Floats);
    }

    [Fact]
    public void A_vector_cannot_be_pooled_over_places()
    {
        var error = Assert.Throws<OnnxException>(() => Pooling.Attach(Graphs.Relu(8), "y", TapPooling.Average, [8], "pooled"));

        Assert.Equal("graph: tap 'y' of shape [8] with pooling average; expected [channels, height, width], or one number with pooling none", error.Message);
    }

    [Fact]
    public void A_name_that_is_taken_is_refused()
    {
        var error = Assert.Throws<OnnxException>(() => Pooling.Attach(Graphs.Relu(8), "y", TapPooling.None, [8], "x"));

        Assert.Equal("graph: already has a tensor 'x', so none of that name can be added; choose another name", error.Message);
    }

    [Fact]
    public void A_node_of_the_outputs_name_is_not_in_the_way()
    {
        var network = Graphs.Relu(8);
        network.Graph.Node[0].Name = "pooled";

        var found = Graphs.Run(Pooling.Attach(network, "y", TapPooling.None, [8], "pooled"), ("x", TensorValue.Of(new float[8], 1, 8)));

        Assert.Equal([1, 8], found.Shape);
    }

    [Theory]
    [InlineData("average", 3)]
    [InlineData("max", 3)]
    [InlineData("both", 6)]
    [InlineData("none", 60)]
    [InlineData("grid1", 3)]
    [InlineData("grid4", 48)]
    public void Width_follows_from_shape(string pooling, int width)
    {
        var parsed = TapPooling.Parse(pooling);

        Assert.Equal(width, parsed.WidthOf([3, 4, 5]));
        Assert.Equal(pooling, parsed.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("mean")]
    [InlineData("grid")]
    [InlineData("grid0")]
    [InlineData("grid65")]
    [InlineData("grid-1")]
    [InlineData("grid 4")]
    [InlineData("Grid4")]
    public void Other_poolings_are_refused(string text)
    {
        var error = Assert.Throws<FormatException>(() => TapPooling.Parse(text));

        Assert.Equal($"pooling '{text}'; expected average, max, both, none or gridN with N from 1 to 64, such as grid4", error.Message);
    }

    [Fact]
    public void Default_is_none() => Assert.Equal(TapPooling.Parse("none"), default);
}
