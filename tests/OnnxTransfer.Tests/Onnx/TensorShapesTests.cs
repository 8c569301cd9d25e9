using System.Text.Json;
using OnnxTransfer.Onnx;
using OnnxTransfer.Tests.Backbones;

namespace OnnxTransfer.Tests.Onnx;

public class TensorShapesTests
{
    [SkippableTheory]
    [InlineData("resnet20-cifar10", 40551040)]
    [InlineData("resnet50v2-stage3-imagenet", 3277897728)]
    [InlineData("mobilenetv1-025-128-imagenet1001", 13570304)]
    [InlineData("squeezenet1.1-imagenet", 349151936)]
    [InlineData("resnet14-cifar10", 59646912)]
    public void A_backbone_is_known_whole(string name, long macs)
    {
        var beside = Path.Combine(Outside.Descriptions, $"{name}.onnx");
        var model = OnnxModel.Load(File.Exists(beside) ? beside : Path.Combine(Outside.NeedModels(), $"{name}.onnx"));
        var description = JsonDocument.Parse(File.ReadAllText(Path.Combine(Outside.Descriptions, $"{name}.json"))).RootElement;

        var shapes = TensorShapes.Infer(model, batch: 2);
        var profile = ModelProfile.Of(model, shapes);

        Assert.Empty(shapes.Unknown);
        Assert.All(model.TensorNames, tensor => Assert.NotNull(shapes[tensor]));
        Assert.Equal(2 * macs, profile.Macs);
        Assert.Equal(description.GetProperty("macs").GetInt64(), macs);
        Assert.Equal(description.GetProperty("parameters").GetInt64(), profile.Parameters);
        foreach (var tap in description.GetProperty("taps").EnumerateArray())
        {
            Assert.Equal([2L, .. tap.GetProperty("shape").EnumerateArray().Select(d => d.GetInt64())], shapes[tap.GetProperty("tensor").GetString()!]!.Dimensions);
        }
    }
}
