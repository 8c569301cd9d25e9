using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Tests.Onnx;

public class PixelInputTests
{
    private static readonly float[] Mean = [0.485f, 0.456f, 0.406f];
    private static readonly float[] Std = [0.229f, 0.224f, 0.225f];

    [Theory]
    [InlineData(ChannelOrder.Rgb, TensorLayout.Nchw, "rgbNchw")]
    [InlineData(ChannelOrder.Bgr, TensorLayout.Nchw, "bgrNchw")]
    [InlineData(ChannelOrder.Rgb, TensorLayout.Nhwc, "rgbNhwc")]
    [InlineData(ChannelOrder.Bgr, TensorLayout.Nhwc, "bgrNhwc")]
    public void Equals_torchs_normalisation(ChannelOrder channels, TensorLayout layout, string name)
    {
        var golden = Golden.Case("pixels");
        var pixels = golden.Ints("pixels").Select(v => (byte)v).ToArray();
        var network = layout == TensorLayout.Nchw ? Graphs.Identity(13, 3, 4, 5) : Graphs.Identity(13, 4, 5, 3);

        var model = PixelInput.Prepend(network, "x", 4, 5, golden.Floats("mean"), golden.Floats("std"), channels, layout);
        var found = Graphs.Run(model, ("pixels", TensorValue.OfBytes(pixels, 2, 4, 5, 3)));

        Graphs.Near(golden.Floats(name), found.Floats, 1e-6f);
        Assert.Equal("uint8 pixels[N,4,5,3]", Assert.Single(model.Inputs).ToString());
    }

    [Theory]
    [InlineData(ElementType.Float16, 2e-3f)]
    [InlineData(ElementType.Double, 1e-6f)]
    public void A_network_of_another_float_type_gets_its_own(ElementType type, float tolerance)
    {
        var golden = Golden.Case("pixels");
        var builder = GraphBuilder.Empty();
        builder.Input("x", type, -1, 3, 4, 5);
        builder.NodeInto("z", "Neg", ["x"]);
        builder.NodeInto("y", "Cast", ["z"], ("to", (int)ElementType.Float));
        builder.Output("y");

        var model = PixelInput.Prepend(builder.Build(), "x", 4, 5, golden.Floats("mean"), golden.Floats("std"));
        var found = Graphs.Run(model, ("pixels", TensorValue.OfBytes([.. golden.Ints("pixels").Select(v => (byte)v)], 2, 4, 5, 3)));

        Assert.Equal(type, new ElementTypes(model.Graph)["x"]);
        Graphs.Near([.. golden.Floats("rgbNchw").Select(v => -v)], found.Floats, tolerance);
    }

    [Fact]
    public void An_input_of_whole_numbers_is_refused()
    {
        var builder = GraphBuilder.Empty();
        builder.Input("x", ElementType.Int32, -1, 3, 4, 5);
        builder.NodeInto("y", "Abs", ["x"]);
        builder.Output("y");

        var error = Assert.Throws<OnnxException>(() => PixelInput.Prepend(builder.Build(), "x", 4, 5, Mean, Std));

        Assert.StartsWith("graph: its input is int32 x[N,3,4,5]; expected float x[N,3,4,5] for NCHW: ", error.Message);
    }

    [Fact]
    public void A_name_of_its_own_is_possible()
    {
        var model = PixelInput.Prepend(Graphs.Relu(3, 4, 5), "x", 4, 5, Mean, Std, name: "image");

        Assert.Equal("image", Assert.Single(model.Inputs).Name);
    }

    [Fact]
    public void An_unknown_input_is_refused_with_those_there_are()
    {
        var error = Assert.Throws<OnnxException>(() => PixelInput.Prepend(Graphs.Relu(3, 4, 5), "input", 4, 5, Mean, Std));

        Assert.Equal("graph: has no input 'input'; its inputs are 'x'", error.Message);
    }

    [Fact]
    public void Two_inputs_are_refused()
    {
        var builder = GraphBuilder.Empty();
        builder.Input("image", ElementType.Float, -1, 3, 4, 5);
        builder.Input("mask", ElementType.Float, -1, 3, 4, 5);
        builder.NodeInto("y", "Mul", ["image", "mask"]);
        builder.Output("y");

        var error = Assert.Throws<OnnxException>(() => PixelInput.Prepend(builder.Build(), "image", 4, 5, Mean, Std));

        Assert.Equal(
            "graph: has 2 inputs (float image[N,3,4,5], float mask[N,3,4,5]); expected one, the image: cut the model at a tensor that needs the image alone",
            error.Message);
    }

    [Theory]
    [InlineData(4, 6, TensorLayout.Nchw, "[N,3,4,6] for NCHW")]
    [InlineData(4, 5, TensorLayout.Nhwc, "[N,4,5,3] for NHWC")]
    public void Another_size_or_layout_is_refused(int height, int width, TensorLayout layout, string expected)
    {
        var error = Assert.Throws<OnnxException>(() => PixelInput.Prepend(Graphs.Relu(3, 4, 5), "x", height, width, Mean, Std, layout: layout));

        Assert.Equal($"graph: its input is float x[N,3,4,5]; expected float x{expected}: correct layout and size in the description, or export the model in float32", error.Message);
    }

    [Fact]
    public void A_std_of_zero_is_refused()
    {
        var error = Assert.Throws<OnnxException>(() => PixelInput.Prepend(Graphs.Relu(3, 4, 5), "x", 4, 5, Mean, [1, 0, 1]));

        Assert.Contains("std [1, 0, 1]; expected three numbers each, every std above 0", error.Message);
    }
}
