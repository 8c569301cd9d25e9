using OnnxTransfer.Numerics;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Tests.Training;

/// <summary>Operators on images with everything drawn that may be: 1 or 2 dimensions, sizes, windows, groups.</summary>
internal sealed class RandomSpatial(GraphBuilder builder, SeededRandom random, ElementType type, Dictionary<string, double[]> inputs)
{
    private readonly int _rank = 1 + random.NextInt(2);

    /// <summary>Adds a node; its inputs go into the dictionary.</summary>
    public string Add(string operation)
    {
        int batch = Draw(1, 3), channels = Draw(1, 4);
        long[] size = Draws(4, 9);
        return operation switch
        {
            "Conv" => Convolution(batch, size),
            "ConvTranspose" => Transposed(batch, size),
            "MaxPool" => builder.Node(operation, [Distinct([batch, channels, .. size])], "pooled", Window()),
            "AveragePool" => builder.Node(operation, [Input("x", [batch, channels, .. size])], "pooled", [.. Averaging(), ("count_include_pad", random.NextInt(2))]),
            "GlobalAveragePool" => builder.Node(operation, [Input("x", [batch, channels, .. size])], "pooled"),
            "GlobalMaxPool" => builder.Node(operation, [Distinct([batch, channels, .. size])], "pooled"),
            _ => Norm(operation, batch + 2, channels, size),
        };
    }

    private string Convolution(int batch, long[] size)
    {
        int groups = Draw(1, 3), channels = groups * Draw(1, 3), outputs = groups * Draw(1, 3);
        var window = Window();
        string x = Input("x", [batch, channels, .. size]), w = Input("w", [outputs, channels / groups, .. Kernel(window)]);
        return builder.Node("Conv", [x, w, .. Bias(outputs)], "convolved", [.. window, ("group", groups)]);
    }

    private string Transposed(int batch, long[] size)
    {
        int groups = Draw(1, 3), channels = groups * Draw(1, 3), outputs = groups * Draw(1, 3);
        var window = Window();
        string x = Input("x", [batch, channels, .. size]), w = Input("w", [channels, outputs / groups, .. Kernel(window)]);
        long[] strides = (long[])window.Single(a => a.Name == "strides").Value;
        (string, object)[] padding = window.Any(a => a.Name == "pads") ? [("output_padding", Array.ConvertAll(strides, s => (long)random.NextInt((int)s)))] : [];
        return builder.Node("ConvTranspose", [x, w, .. Bias(outputs)], "convolved", [.. window, ("group", groups), .. padding]);
    }

    private string Norm(string operation, int batch, int channels, long[] size)
    {
        string x = Input("x", [batch, channels, .. size]), mean = builder.Reals("mean", type, Values(channels), channels);
        string variance = builder.Reals("variance", type, [.. Values(channels).Select(v => 0.5 + (v * v))], channels);
        return builder.Node(
            "BatchNormalization", [x, Input("w", [channels]), Input("b", [channels]), mean, variance], "normal",
            ("epsilon", 1e-3f), ("training_mode", operation.EndsWith("training", StringComparison.Ordinal) ? 1 : 0));
    }

    private string[] Bias(int outputs) => random.NextInt(2) == 0 ? [] : [Input("b", [outputs])];

    private static long[] Kernel((string Name, object Value)[] window) => (long[])window.Single(a => a.Name == "kernel_shape").Value;

    // Where padding is automatic the runtime takes no dilations, and pools must leave no gaps.
    private (string Name, object Value)[] Window()
    {
        bool isAutomatic = random.NextInt(3) == 0;
        long[] kernel = Draws(1, 3), strides = Draws(1, 3), dilations = Draws(1, isAutomatic ? 1 : 2);
        strides = isAutomatic ? [.. strides.Zip(kernel, Math.Min)] : strides;
        long[] pads = [.. Enumerable.Range(0, 2 * _rank).Select(i => (long)random.NextInt((int)kernel[i % _rank]))];
        return
        [
            ("kernel_shape", kernel), ("strides", strides), ("dilations", dilations),
            isAutomatic ? ("auto_pad", random.NextInt(2) == 0 ? "SAME_UPPER" : "SAME_LOWER") : ("pads", (object)pads),
        ];
    }

    // From operator set 19 on means are dilated too.
    private (string Name, object Value)[] Averaging() => [.. Window().Where(attribute => attribute.Name != "dilations" || builder.Opset >= 19)];

    // Whole numbers, no two alike: what is the maximum stays it where all move by less than a half.
    private string Distinct(long[] shape)
    {
        string x = Input("x", shape);
        inputs[x] = Array.ConvertAll(random.Permutation(inputs[x].Length), place => (double)place);
        return x;
    }

    private string Input(string name, long[] shape)
    {
        inputs[name] = Values(shape.Aggregate(1L, (a, b) => a * b));
        return builder.Input(name, type, shape);
    }

    private double[] Values(long count) => [.. Enumerable.Range(0, (int)count).Select(_ => random.NextGaussian())];

    private long[] Draws(int least, int most) => [.. Enumerable.Range(0, _rank).Select(_ => (long)Draw(least, most))];

    private int Draw(int least, int most) => least + random.NextInt(most - least + 1);
}
