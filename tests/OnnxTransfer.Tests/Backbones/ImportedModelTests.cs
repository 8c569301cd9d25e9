using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Inference;
using OnnxTransfer.Tests.Interop;
using Xunit.Abstractions;

namespace OnnxTransfer.Tests.Backbones;

/// <summary>Real networks imported with mean and std alone, no JSON edited by hand.</summary>
public sealed class ImportedModelTests(ITestOutputHelper output) : IDisposable
{
    private static readonly float[] ImageNetMean = [0.485f, 0.456f, 0.406f];
    private static readonly float[] ImageNetStd = [0.229f, 0.224f, 0.225f];
    private static readonly float[] Half = [0.5f, 0.5f, 0.5f];

    // What of ImageNet's classes is right for each photo. It has no sunflower (the daisy is of the same family) and none
    // of the small owls; any owl counts.
    private static readonly (string Photo, string[] Classes)[] Right =
    [
        ("Chicken.jpg", ["cock", "hen"]),
        ("bird.bmp", ["chickadee"]),
        ("car.jpg", ["sports car", "racer"]),
        ("cat_720p.jpg", ["tabby", "tiger cat", "Egyptian cat"]),
        ("dragonfly.bmp", ["dragonfly"]),
        ("hot_dog.jpg", ["hotdog"]),
        ("owl.jpg", ["owl", "great grey owl"]),
        ("parrot.jpg", ["macaw"]),
        ("sunflower.bmp", ["daisy"]),
    ];

    private readonly TempFolder _folder = new();

    [SkippableTheory]
    [InlineData("resnet20-cifar10")]
    [InlineData("squeezenet1.1-imagenet")]
    [InlineData("mobilenetv1-025-128-imagenet1001")]
    [InlineData("resnet50v2-stage3-imagenet")]
    public void The_taps_found_cover_those_described_by_hand(string name)
    {
        var imported = Import(name).Description;
        var byHand = BackboneDescription.Load(Path.Combine(Outside.Descriptions, name + ".json"));

        foreach (var tap in byHand.Taps)
        {
            var found = Assert.Single(imported.Taps, t => t.Tensor == tap.Tensor);
            Assert.Equal(tap.Shape.Where(d => d > 1), found.Shape.Where(d => d > 1));
            Assert.Equal(tap.Shape[0], found.Width);
        }

        Assert.Equal(byHand.Input, imported.Input);
        Assert.Equal(byHand.Preprocessing.Pixels, imported.Preprocessing.Pixels);
        Assert.Equal((byHand.Sha256, byHand.Parameters, byHand.Macs), (imported.Sha256, imported.Parameters, imported.Macs));
    }

    [SkippableTheory]
    [InlineData("resnet20-cifar10", "layer1.2.out layer2.2.out layer3.2.out features logits", "features", 64)]
    [InlineData("squeezenet1.1-imagenet", "stem fire3_concat fire5_concat fire9_concat logits", "fire9_concat", 512)]
    [InlineData("mobilenetv1-025-128-imagenet1001", "stage1 stage2 stage3 stage4 stage5 avgpool logits", "avgpool", 256)]
    [InlineData("resnet50v2-stage3-imagenet", "stem stage1_unit3_add stage2_unit4_add stage3_unit6_add features", "features", 1024)]
    public void They_are_named_and_the_embedding_is_what_the_classifier_sees(string name, string taps, string embedding, int width)
    {
        var imported = Import(name).Description;

        Assert.Equal(taps, string.Join(' ', imported.Taps.Select(t => t.Name)));
        Assert.Equal(embedding, Assert.Single(imported.Embedding));
        Assert.Equal(width, imported.Width);
    }

    [SkippableTheory]
    [InlineData("squeezenet1.1-imagenet", "imagenet1000_labels.txt", 8)]
    [InlineData("mobilenetv1-025-128-imagenet1001", "imagenet1001_labels.txt", 5)]
    public void The_right_class_comes_first_or_second_as_often_as_in_the_reference_runtime_with_Pillow(string name, string labelFile, int expected)
    {
        var photos = TestData.Require("photos");
        var labels = File.ReadAllLines(Path.Combine(Outside.NeedModels(), labelFile));
        var made = Golden.Made;
        Assert.Equal(Right.Select(r => r.Photo).Order(StringComparer.Ordinal), made.Photos.Order(StringComparer.Ordinal));
        using var backbone = Backbone.Load(Import(name).DescriptionPath, ExecutionProvider.Cpu, new() { Taps = ["logits"], Threads = 2 });
        using var cache = EmbeddingCache.Open(_folder["cache"]);

        var found = backbone.Embed(ImageFolder.OpenFiles([.. made.Photos.Select(photo => Path.Combine(photos, photo))]), cache);

        var reference = Golden.Rows($"{name}.output.npy", labels.Length);
        var ours = made.Photos.Select((photo, i) => IsRight(photo, found.Rows[i], labels)).ToArray();
        var theirs = made.Photos.Select((photo, i) => IsRight(photo, reference[i], labels)).ToArray();
        output.WriteLine($"{name}: right class first or second on {ours.Count(r => r)} of 9 photos; the reference runtime with Pillow on {theirs.Count(r => r)}");
        Assert.Equal(theirs, ours);
        Assert.Equal(expected, ours.Count(r => r));
    }

    public void Dispose() => _folder.Dispose();

    private static bool IsRight(string photo, ReadOnlySpan<float> scores, string[] labels)
    {
        var right = Right.Single(r => r.Photo == photo).Classes;
        var values = scores.ToArray();
        return Enumerable.Range(0, values.Length).OrderByDescending(i => values[i]).Take(2)
            .Any(i => labels[i].Split(", ").Any(word => right.Contains(word)));
    }

    private ImportedBackbone Import(string name)
    {
        var copy = _folder[name + ".onnx"];
        File.WriteAllBytes(copy, File.ReadAllBytes(Path.Combine(Outside.NeedModels(), name + ".onnx")));
        var imageNet = !name.StartsWith("mobilenet", StringComparison.Ordinal);
        return BackboneImport.Import(copy, new() { Mean = imageNet ? ImageNetMean : Half, Std = imageNet ? ImageNetStd : Half });
    }
}
