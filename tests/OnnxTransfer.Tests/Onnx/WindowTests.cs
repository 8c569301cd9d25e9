using OnnxTransfer.Onnx;

namespace OnnxTransfer.Tests.Onnx;

/// <summary>Convolutions and pools with random pads, strides, dilations, ceil_mode and auto_pad, as the runtime computes them.</summary>
public class WindowTests
{
    private static readonly string[] AutoPads = ["SAME_UPPER", "SAME_LOWER", "VALID"];

    [Theory]
    [InlineData("Conv", 11)]
    [InlineData("ConvTranspose", 11)]
    [InlineData("MaxPool", 12)]
    [InlineData("AveragePool", 11)]
    [InlineData("AveragePool", 19)]
    [InlineData("LpPool", 18)]
    public void Random_windows_have_as_many_places_as_in_the_runtime(string operation, int opset)
    {
        var random = new Random(31 * operation.Length);
        long[] Several(int least, int most, int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextInt64(least, most + 1))];
        for (var i = 0; i < 60; i++)
        {
            var (kernel, strides, dilations) = (Several(1, 4, 2), Several(1, 4, 2), Several(1, 3, 2));
            var attributes = new List<(string, object)> { ("kernel_shape", kernel), ("strides", strides) };
            var pool = operation is "MaxPool" or "AveragePool" or "LpPool";
            var auto = i % 3 == 0 ? AutoPads[random.Next(3)] : "NOTSET";
            if (auto == "NOTSET")
            {
                // A pool's pads must be smaller than its kernel.
                attributes.Add(("pads", pool ? kernel.Concat(kernel).Select(k => random.NextInt64(k)).ToArray() : Several(0, 3, 4)));
            }
            else
            {
                attributes.Add(("auto_pad", auto));
            }

            if (auto is "NOTSET" or "VALID" && (operation != "AveragePool" || opset >= 19))
            {
                attributes.Add(("dilations", dilations));
            }

            if (pool && random.Next(2) == 0)
            {
                attributes.Add(("ceil_mode", 1));
            }

            if (operation == "ConvTranspose" && auto == "NOTSET")
            {
                attributes.Add(("output_padding", new[] { random.NextInt64(strides[0]), random.NextInt64(strides[1]) }));
            }

            long[] x = [1, 2, .. Several(14, 24, 2)];
            object?[] inputs = pool ? [x] : [x, new OneNode.Weights([2, 2, .. kernel])];
            var model = OneNode.Of(opset, operation, inputs, 1, [.. attributes]);

            RuntimeShapes.Equal(model, TensorShapes.Infer(model));
        }
    }

    [Fact]
    public void A_last_window_in_the_padding_is_no_place()
    {
        // PyTorch: MaxPool2d(2, stride=3, padding=1, ceil_mode=True) over 4 gives 2, not 3.
        var model = OneNode.Of(12, "MaxPool", [new long[] { 1, 1, 4, 4 }], 1, ("kernel_shape", new long[] { 2, 2 }), ("strides", new long[] { 3, 3 }),
            ("pads", new long[] { 1, 1, 1, 1 }), ("ceil_mode", 1));

        Assert.Equal([1, 1, 2, 2], TensorShapes.Infer(model)["y0"]!.Dimensions);
    }
}
