using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Export;
using OnnxTransfer.Heads.Tuning;
using OnnxTransfer.Prediction;
using OnnxTransfer.Tests.Backbones;

namespace OnnxTransfer.Tests.Heads;

/// <summary>The last stage of published networks is found and trained, and the one file answers as was measured.</summary>
public sealed class RealNetworkTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [SkippableTheory]
    [InlineData("resnet50v2-stage3-imagenet", "last", "stage2_unit4_add", "stage3")]
    [InlineData("resnet50v2-stage3-imagenet", "features", "stage3_unit6_add", "features")]
    [InlineData("squeezenet1.1-imagenet", "fire5", "fire3_concat", "fire5")]
    [InlineData("mobilenetv1-025-128-imagenet1001", "avgpool", "MobilenetV1_MobilenetV1_Conv2d_13_pointwise_Relu6_relu6", "avgpool")]
    public void A_stage_begins_where_the_one_before_ends(string name, string unfreeze, string frozen, string part)
    {
        using var backbone = Backbone.Load(name, settings: new() { Catalogue = new(Outside.Descriptions, Outside.NeedModels()) });

        Assert.Equal(new FrozenEnd(frozen, part), UnfreezeChoice.Of(BackboneNetwork.Of(backbone), unfreeze, null));
    }

    [SkippableTheory]
    [InlineData("resnet20-cifar10", "layer2.2.out")]
    [InlineData("mobilenetv1-025-128-imagenet1001", "MobilenetV1_MobilenetV1_Conv2d_11_pointwise_Relu6_relu6")]
    [InlineData("squeezenet1.1-imagenet", "fire5_concat")]
    public void The_last_stage_is_trained(string name, string frozen)
    {
        var catalogue = new BackboneCatalogue(Outside.Descriptions, Outside.NeedModels());
        string[] classes = ["cat", "ship"];
        var items = classes.SelectMany((label, index) => Directory.GetFiles(TestData.Require("cifar10", "train", label)).Order(StringComparer.Ordinal).Take(4)
            .Select(path => new DatasetItem { Images = [new ImageSource(path)], Label = index }));
        var images = new Dataset { Source = "cifar10", Classes = classes, Items = [.. items] };
        using var cache = EmbeddingCache.Open(_folder["cache"]);
        using var backbone = Backbone.Load(name, settings: new() { Catalogue = catalogue });

        using var tuned = new FineTuning { Training = FineTuning.UsualTraining with { Epochs = 1, BatchSize = 4, LearningRate = 1e-4 }, L2 = 1e-2, HeldOut = 0.5 }.Fit(backbone, images, cache);
        FusedModel.Save(_folder["m.onnx"], tuned.Backbone, tuned.Head);
        using var model = ImageModel.Load(_folder["m.onnx"]);

        Assert.Equal(frozen, tuned.Report.FrozenTensor);
        var expected = tuned.Head.Predict(tuned.Backbone.Embed(images, cache).Rows);
        Assert.Equal(expected[0][0], model.Predict(images.Items[0].Name).Output[0], 1e-4);
        Assert.NotEqual(backbone.Sha256, tuned.Backbone.Sha256);
    }
}
