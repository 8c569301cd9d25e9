using OnnxTransfer.Backbones;
using OnnxTransfer.Imaging;
using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;
using OnnxTransfer.Onnx.Quantization;
using OnnxTransfer.Tests.Backbones;

namespace OnnxTransfer.Tests.Onnx;

/// <summary>Ranges of real activations, against onnxruntime's formulas in numpy (golden/make_int8.py).</summary>
public class RangeChoiceTests
{
    [Theory]
    [InlineData("/stem/stem.0/Conv_output_0")]
    [InlineData("/stem/stem.2/Relu_output_0")]
    public void Every_method_gives_the_range_of_its_formula(string tensor)
    {
        var golden = Golden.Case("ranges", "int8.json").GetProperty(tensor);
        var histogram = new ActivationHistogram();
        var values = Activations(tensor);

        // In three parts, as images come.
        foreach (var part in values.Chunk(10_000))
        {
            histogram.Watch(part);
        }

        foreach (var part in values.Chunk(7_000))
        {
            histogram.Count(part);
        }

        var bin = golden.GetProperty("bin").GetDouble();
        Assert.Equal(values.Length, histogram.Counts().Sum());
        Assert.Equal(bin, histogram.Edge(1) - histogram.Edge(0), 1e-6);
        void Same(string name, CalibrationMethod method, double percentile, double tolerance)
        {
            var (expected, found) = (golden.Floats(name), RangeChoice.Of(histogram, method, percentile));
            Assert.Equal(expected[0], found.Low, tolerance);
            Assert.Equal(expected[1], found.High, tolerance);
        }

        // PyTorch's last bits may put a value into the next bin.
        Same("min-max", CalibrationMethod.MinMax, 0, 1e-4);
        Same("entropy", CalibrationMethod.Entropy, 0, 1.01 * bin);
        Same("99", CalibrationMethod.Percentile, 99, 1.01 * bin);
        Same("99.9", CalibrationMethod.Percentile, 99.9, 1.01 * bin);
        Same("99.99", CalibrationMethod.Percentile, 99.99, 1.01 * bin);
    }

    [Fact]
    public void Values_that_are_all_zero_have_a_range_of_nothing()
    {
        var histogram = new ActivationHistogram();
        histogram.Watch(new float[100]);
        histogram.Count(new float[100]);

        Assert.All(Enum.GetValues<CalibrationMethod>(), method => Assert.Equal(new ValueRange(0, 0), RangeChoice.Of(histogram, method, 99.99)));
    }

    [Fact]
    public void One_value_alone_keeps_the_range_it_has()
    {
        var histogram = new ActivationHistogram();
        float[] values = [.. Enumerable.Repeat(5f, 100)];
        histogram.Watch(values);
        histogram.Count(values);

        Assert.All(Enum.GetValues<CalibrationMethod>(), method => Assert.Equal(5, RangeChoice.Of(histogram, method, 99.99).High));
    }

    [Fact]
    public void A_value_that_is_not_finite_is_noticed()
    {
        var histogram = new ActivationHistogram();
        histogram.Watch([1, float.NaN, 2]);

        Assert.False(histogram.IsFinite);
    }

    private static float[] Activations(string tensor)
    {
        var description = BackboneDescription.Load(Path.Combine(Outside.Descriptions, "resnet14-cifar10.json"));
        var preprocessing = description.Preprocessing;
        var network = PixelInput.Prepend(
            Cut.At(OnnxModel.Load(Path.Combine(Outside.Descriptions, description.File)), tensor), description.Input.Tensor, 32, 32, preprocessing.Mean, preprocessing.Std);
        var pixels = new byte[32 * 32 * 3];
        var path = Path.Combine(Outside.Descriptions, "reference.png");
        using (var image = ImageDecoders.Default.Decode(File.ReadAllBytes(path), path))
        {
            preprocessing.Pixels.Apply(image, pixels);
        }

        return Graphs.Run(network, ("pixels", TensorValue.OfBytes(pixels, 1, 32, 32, 3))).Floats;
    }
}
