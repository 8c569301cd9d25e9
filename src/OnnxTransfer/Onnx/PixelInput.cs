namespace OnnxTransfer.Onnx;

/// <summary>Puts what turns pixels into the network's input in front of the network.</summary>
public static class PixelInput
{
    /// <summary>The usual name of the pixel input.</summary>
    public const string Name = "pixels";

    /// <summary>
    /// Replaces the input <paramref name="input"/> by the uint8 input <paramref name="name"/> [N, height, width, 3],
    /// RGB, and computes (x / 255 - mean) / std per channel, as one multiplication by 1 / (255 std) and one addition of
    /// -mean / std. <paramref name="mean"/> and <paramref name="std"/> are in the network's own channel order. Computed in
    /// float32; a network of float16 or float64 gets the result cast to its type.
    /// </summary>
    /// <exception cref="OnnxException">The model lacks that input, has further ones, or it is not float, float16 or double of that size.</exception>
    public static OnnxModel Prepend(
        OnnxModel model, string input, int height, int width, IReadOnlyList<float> mean, IReadOnlyList<float> std,
        ChannelOrder channels = ChannelOrder.Rgb, TensorLayout layout = TensorLayout.Nchw, string name = Name)
    {
        Check(model, input, height, width, mean, std, layout);
        var builder = GraphBuilder.Over(model);
        builder.RemoveInput(input);
        builder.Input(name, ElementType.UInt8, -1, height, width, 3);
        var x = builder.Node("Cast", [name], "pixels_float", ("to", (int)ElementType.Float));
        if (channels == ChannelOrder.Bgr)
        {
            x = builder.Node("Gather", [x, builder.Longs("pixels_bgr_order", [2, 1, 0], 3)], "pixels_bgr", ("axis", 3));
        }

        if (layout == TensorLayout.Nchw)
        {
            x = builder.Node("Transpose", [x], "pixels_nchw", ("perm", new long[] { 0, 3, 1, 2 }));
        }

        long[] perChannel = layout == TensorLayout.Nchw ? [1, 3, 1, 1] : [1, 1, 1, 3];
        var scale = std.Select(s => (float)(1 / (255.0 * s))).ToArray();
        var bias = mean.Zip(std, (m, s) => (float)(-(double)m / s)).ToArray();
        x = builder.Node("Mul", [x, builder.Floats("pixels_scale", scale, perChannel)], "pixels_scaled");
        string[] sum = [x, builder.Floats("pixels_bias", bias, perChannel)];
        if (model.Input(input).ElementType is ElementType.Float16 or ElementType.Double)
        {
            builder.NodeInto(input, "Cast", [builder.Node("Add", sum, "pixels_normalised")], ("to", (int)model.Input(input).ElementType));
        }
        else
        {
            builder.NodeInto(input, "Add", sum);
        }

        return builder.Build(newNodesFirst: true);
    }

    private static void Check(
        OnnxModel model, string input, int height, int width, IReadOnlyList<float> mean, IReadOnlyList<float> std, TensorLayout layout)
    {
        var found = model.Input(input);
        if (model.Inputs.Count > 1)
        {
            throw new OnnxException($"{model.Source}: has {model.Inputs.Count} inputs ({string.Join(", ", model.Inputs)}); "
                + "expected one, the image: choose taps that need the image alone, or export the model with its other inputs as constants");
        }

        var expected = ImageShape.Of(layout, -1, height, width);
        var fits = found.Dimensions is null || (found.Dimensions.Count == 4
            && found.Dimensions.Zip(expected).Skip(1).All(d => d.First < 0 || d.First == d.Second));
        if (!fits || found.ElementType is not (ElementType.Float or ElementType.Float16 or ElementType.Double or ElementType.Undefined))
        {
            throw new OnnxException($"{model.Source}: its input is {found}; expected float {input}[N,{string.Join(',', expected[1..])}] "
                + $"for {layout.ToString().ToUpperInvariant()}: correct layout and size in the description, or export the model in float32");
        }

        if (mean.Count != 3 || std.Count != 3 || std.Any(s => !(s > 0)))
        {
            throw new OnnxException($"{model.Source}: mean [{string.Join(", ", mean)}] and std [{string.Join(", ", std)}]; "
                + "expected three numbers each, every std above 0");
        }
    }
}
