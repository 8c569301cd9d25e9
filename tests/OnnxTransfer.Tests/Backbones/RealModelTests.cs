using OnnxTransfer.Backbones;
using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;
using OnnxTransfer.Tests.Onnx;

namespace OnnxTransfer.Tests.Backbones;

/// <summary>Real networks, cut at their taps, hold the numbers of the uncut ones.</summary>
public class RealModelTests
{
    [SkippableTheory]
    [InlineData("resnet20-cifar10")]
    [InlineData("squeezenet1.1-imagenet")]
    [InlineData("mobilenetv1-025-128-imagenet1001")]
    [InlineData("resnet50v2-stage3-imagenet")]
    public void Every_tap_gives_its_width(string name)
    {
        var description = BackboneDescription.Load(Path.Combine(Outside.Descriptions, name + ".json"));
        Outside.NeedModels();
        using var backbone = Load(name, [.. description.Taps.Select(t => t.Name)]);
        using var buffers = backbone.CreateBuffers();
        new Random(1).NextBytes(buffers.Bytes);

        backbone.Run(buffers, 1);

        Assert.Equal(description.Taps.Select(t => t.Width), buffers.OutputWidths);
        Assert.Equal(description.Parameters, OnnxModel.Load(Path.Combine(Outside.Models!, description.File)).ParameterCount);
        for (var tap = 0; tap < description.Taps.Count; tap++)
        {
            Assert.True(buffers.OutputRow(tap, 0).IndexOfAnyExceptInRange(-1000f, 1000f) < 0 && buffers.OutputRow(tap, 0).ContainsAnyExcept(0f));
        }
    }

    [SkippableFact]
    public void Resnet20_features_through_its_last_layer_are_the_uncut_logits()
    {
        var (uncut, values) = Both("resnet20-cifar10", "features", [0.485f, 0.456f, 0.406f], [0.229f, 0.224f, 0.225f]);
        var model = OnnxModel.Load(Path.Combine(Outside.Models!, "resnet20-cifar10.onnx"));

        AssertLogits(uncut, values, Weights(model, "fc.weight"), Weights(model, "fc.bias"));
    }

    [SkippableFact]
    public void Mobilenet_average_through_its_last_layer_is_the_uncut_logits()
    {
        var (uncut, values) = Both("mobilenetv1-025-128-imagenet1001", "avgpool", [0.5f, 0.5f, 0.5f], [0.5f, 0.5f, 0.5f]);
        var model = OnnxModel.Load(Path.Combine(Outside.Models!, "mobilenetv1-025-128-imagenet1001.onnx"));

        const string Layer = "MobilenetV1_Logits_Conv2d_1c_1x1_BiasAdd";
        AssertLogits(uncut, values, Weights(model, Layer + ".weight"), Weights(model, Layer + ".bias"));
    }

    [SkippableFact]
    public void Squeezenet_fire9_through_its_last_layer_is_the_uncut_logits()
    {
        var (uncut, map) = Both("squeezenet1.1-imagenet", "fire9:none", [0.485f, 0.456f, 0.406f], [0.229f, 0.224f, 0.225f]);
        var model = OnnxModel.Load(Path.Combine(Outside.Models!, "squeezenet1.1-imagenet.onnx"));
        var last = model.Graph.Node.Single(n => n.Output[0] == "squeezenet0_conv25_out");
        var (weights, bias) = (Weights(model, last.Input[1]), Weights(model, last.Input[2]));

        // A 1x1 convolution, relu and the average over 13 x 13 places, of the first 20 classes.
        for (var k = 0; k < 20; k++)
        {
            var sum = 0.0;
            for (var place = 0; place < 169; place++)
            {
                double score = bias[k];
                for (var c = 0; c < 512; c++)
                {
                    score += weights[(k * 512) + c] * map[(c * 169) + place];
                }

                sum += Math.Max(0, score);
            }

            Assert.Equal(uncut[k], sum / 169, 1e-4 * Math.Max(1, Math.Abs(uncut[k])));
        }
    }

    [SkippableFact]
    public void Resnet50_stages_cut_alone_equal_those_cut_together()
    {
        Outside.NeedModels();
        using var together = Load("resnet50v2-stage3-imagenet", ["stage1", "stage2", "stage3"]);
        using var all = together.CreateBuffers();
        new Random(2).NextBytes(all.Image(0));
        together.Run(all, 1);

        for (var i = 0; i < 3; i++)
        {
            using var alone = Load("resnet50v2-stage3-imagenet", [$"stage{i + 1}"]);
            using var one = alone.CreateBuffers();
            all.Image(0).CopyTo(one.Image(0));
            alone.Run(one, 1);
            AssertClose(all.OutputRow(i, 0), one.OutputRow(0, 0));
        }
    }

    [SkippableFact]
    public void Resnet50_features_equal_the_uncut_output()
    {
        var (uncut, values) = Both("resnet50v2-stage3-imagenet", "features", [0.485f, 0.456f, 0.406f], [0.229f, 0.224f, 0.225f]);

        AssertClose(uncut, values);
    }

    /// <summary>The last output of the untouched file on normalised floats, and the tap's embedding of the same pixels.</summary>
    private static (float[] Uncut, float[] Tap) Both(string name, string tap, float[] mean, float[] std)
    {
        Outside.NeedModels();
        using var backbone = Load(name, [tap]);
        using var buffers = backbone.CreateBuffers();
        new Random(4).NextBytes(buffers.Image(0));
        backbone.Run(buffers, 1);

        var (h, w) = (backbone.PixelHeight, backbone.PixelWidth);
        var x = new float[3 * h * w];
        var pixels = buffers.Image(0);
        for (var i = 0; i < pixels.Length; i++)
        {
            x[(i % 3 * h * w) + (i / 3)] = ((pixels[i] / 255f) - mean[i % 3]) / std[i % 3];
        }

        var uncut = OnnxModel.Load(Path.Combine(Outside.Models!, name + ".onnx"));
        return (Graphs.Run(uncut, (uncut.Inputs[0].Name, TensorValue.Of(x, 1, 3, h, w))).Floats, buffers.OutputRow(0, 0).ToArray());
    }

    private static Backbone Load(string name, string[] taps) => Backbone.Load(name, ExecutionProvider.Cpu, new()
    {
        Catalogue = new(Outside.Descriptions, Outside.Models!), Taps = taps, Threads = 1, BatchSize = 1,
    });

    private static float[] Weights(OnnxModel model, string name)
    {
        var tensor = model.Graph.Initializer.Single(t => t.Name == name);
        return tensor.FloatData.Count > 0 ? [.. tensor.FloatData] : System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(tensor.RawData.Span).ToArray();
    }

    private static void AssertLogits(float[] uncut, float[] values, float[] weights, float[] bias)
    {
        Assert.Equal(uncut.Length, bias.Length);
        for (var k = 0; k < bias.Length; k++)
        {
            double score = bias[k];
            for (var d = 0; d < values.Length; d++)
            {
                score += weights[(k * values.Length) + d] * values[d];
            }

            Assert.Equal(uncut[k], score, 1e-5 * Math.Max(1, Math.Abs(uncut.Max())) * 4);
        }
    }

    private static void AssertClose(ReadOnlySpan<float> expected, ReadOnlySpan<float> found) =>
        Graphs.Near(expected, found, 1e-5f * Math.Max(1, expected.ToArray().Max(MathF.Abs)));
}
