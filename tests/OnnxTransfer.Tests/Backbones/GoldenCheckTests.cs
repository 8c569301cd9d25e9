using OnnxTransfer.Backbones;
using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Tests.Backbones;

/// <summary>The golden check passes what is right, and nothing else.</summary>
public sealed class GoldenCheckTests : IDisposable
{
    private readonly TinyBackbone _tiny = new();

    public void Dispose() => _tiny.Dispose();

    [Fact]
    public void The_embedded_backbone_passes_tap_by_tap()
    {
        var found = GoldenCheck.Run(Path.Combine(Outside.Descriptions, "resnet14-cifar10.onnx"), settings: new() { Threads = 1 });

        Assert.True(found.Passed);
        Assert.Equal(("resnet14-cifar10", ExecutionProvider.Cpu, "fp32"), (found.Backbone, found.Provider, found.Precision));
        Assert.Equal([("layer1", "grid4", 384), ("layer2", "grid4", 768), ("avgpool", "none", 96)], found.Taps.Select(t => (t.Name, t.Pooling.Name, t.Width)));
    }

    [Fact]
    public void Wrong_values_do_not_pass()
    {
        Reference();

        var found = Check(); // [1, 2, 3, 4, 5, 6] is not what the network gives

        Assert.False(found.Passed);
        var tap = Assert.Single(found.Taps);
        Assert.Equal(("v", 6), (tap.Name, tap.Width));
        Assert.True(tap.Difference > 1e-4);
    }

    [Theory]
    [InlineData(1e-5, 1, true)]
    [InlineData(2e-4, 1, false)]
    [InlineData(1e-5, 0.9999, false)]
    [InlineData(double.NaN, 1, false)]
    [InlineData(0, double.NaN, false)]
    public void Both_difference_and_cosine_must_be_right_in_fp32(double difference, double cosine, bool passes) =>
        Assert.Equal(passes, new GoldenCheck("x", ExecutionProvider.Cpu, "fp32", [new("a", TapPooling.Average, 1, difference, cosine)]).Passed);

    [Theory]
    [InlineData(0.02, 0.9995, true)]
    [InlineData(0.02, 0.998, false)]
    [InlineData(double.NaN, 0.9995, false)]
    public void Ten_bits_of_mantissa_are_held_to_the_cosine(double difference, double cosine, bool passes) =>
        Assert.Equal(passes, new GoldenCheck("x", ExecutionProvider.Cuda, "tf32", [new("a", TapPooling.Average, 1, difference, cosine)]).Passed);

    [Fact]
    public void Zeros_equal_zeros_only()
    {
        Assert.Equal((0, 1), GoldenDescription.Compare([0, 0], [0, 0]));
        Assert.True(double.IsNaN(GoldenDescription.Compare([0, 0], [0, 1]).Cosine));
        Assert.True(double.IsNaN(GoldenDescription.Compare([1, 1], [1, float.NaN]).Difference));
    }

    [Fact]
    public void Without_a_golden_embedding_the_message_says_how_to_get_one()
    {
        _tiny.Json.Remove("golden");
        _tiny.Json["obtain"] = "onnxtransfer models export tiny";
        _tiny.Write();

        Assert.Equal(
            $"{_tiny.DescriptionPath}: has no golden embedding, so there is nothing to check 'tiny' against; expected the field 'golden' with image, taps "
            + "and values, as models/export.py writes it; this makes the backbone and its description: onnxtransfer models export tiny",
            Assert.Throws<BackboneException>(Check).Message);
    }

    [Fact]
    public void Without_the_golden_image_the_message_names_it() =>
        Assert.Equal(
            $"{Path.Combine(_tiny.Folder, "reference.png")}: not there, though {_tiny.DescriptionPath} names it as the image of its golden embedding; put it beside the description",
            Assert.Throws<BackboneException>(Check).Message);

    private GoldenCheck Check() => GoldenCheck.Run(_tiny.DescriptionPath, settings: new() { Catalogue = _tiny.Catalogue, Threads = 1 });

    private void Reference() => File.Copy(Path.Combine(Outside.Descriptions, "reference.png"), Path.Combine(_tiny.Folder, "reference.png"));
}
