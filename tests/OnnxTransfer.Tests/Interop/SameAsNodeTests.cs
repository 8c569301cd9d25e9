using System.Text.Json.Nodes;
using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Inference;
using OnnxTransfer.Tests.Backbones;

namespace OnnxTransfer.Tests.Interop;

/// <summary>
/// From photo files to embeddings the whole library gives what Pillow, ONNX Runtime driven by Node, and numpy give. The
/// golden embeddings are made by golden/make_golden.sh, without any code of this project.
/// </summary>
public class SameAsNodeTests
{
    private const double LeastCosine = 0.99999;

    // The largest difference of a photo, as part of its largest value. Observed: 1.7e-6 at most, from another
    // order of sums; the cosine misses 1 by 1e-12.
    private const double Tolerance = 1e-5;

    [SkippableTheory]
    [InlineData("squeezenet1.1-imagenet")]
    [InlineData("mobilenetv1-025-128-imagenet1001")]
    [InlineData("resnet20-cifar10")]
    [InlineData("resnet14-cifar10")]
    public void The_described_embeddings_agree(string name) => AssertAgree(name, "embedding", folder => DescriptionOf(name, folder));

    [SkippableTheory]
    [InlineData("squeezenet1.1-imagenet", "logits", 1000)]
    [InlineData("mobilenetv1-025-128-imagenet1001", "logits", 1001)]
    [InlineData("resnet20-cifar10", "logits", 10)]
    [InlineData("resnet50v2-stage3-imagenet", "features", 1024)]
    public void The_outputs_of_untouched_files_agree(string name, string output, int width) => AssertAgree(name, "output", folder =>
    {
        var description = DescriptionOf(name, folder);
        var json = JsonNode.Parse(File.ReadAllText(description))!;
        json["taps"] = new JsonArray(new JsonObject
        {
            ["name"] = output, ["tensor"] = output, ["shape"] = new JsonArray(width), ["pooling"] = "none", ["width"] = width,
        });
        json["embedding"] = new JsonArray(output);
        json.AsObject().Remove("golden");
        File.WriteAllText(description, json.ToJsonString());
        return description;
    });

    private static void AssertAgree(string name, string kind, Func<TempFolder, string> describe)
    {
        var photos = TestData.Require("photos");
        var models = Outside.NeedModels();
        var made = Golden.Made;
        using var folder = new TempFolder();
        var settings = new BackboneSettings { Catalogue = new(Outside.Embedded!, models), Threads = 2 };
        using var backbone = Backbone.Load(describe(folder), ExecutionProvider.Cpu, settings);
        Assert.True(
            backbone.Sha256 == made.Sha256[name],
            $"the golden embeddings are of another {name}; if it was replaced on purpose run golden/make_golden.sh {name}");
        var expected = Golden.Rows($"{name}.{kind}.npy", backbone.Width);
        Assert.Equal(made.Photos.Count, expected.Length);

        using var cache = EmbeddingCache.Open(folder["cache"]);
        var found = backbone.Embed(ImageFolder.OpenFiles([.. made.Photos.Select(photo => Path.Combine(photos, photo))]), cache);

        Assert.Equal(made.Photos, found.Names.Select(path => Path.GetFileName(path)));
        for (var i = 0; i < expected.Length; i++)
        {
            var (difference, cosine) = Compare(expected[i], found.Rows[i]);
            Assert.True(
                difference <= Tolerance && cosine >= LeastCosine,
                $"{name}, {kind} of {made.Photos[i]}: difference {difference:g3}, cosine {cosine:g8}");
        }
    }

    // The description alone, in a folder of its own; its .onnx file is found through the catalogue.
    private static string DescriptionOf(string name, TempFolder folder)
    {
        var paths = new[] { Outside.Embedded, Outside.Descriptions }.OfType<string>().Select(place => Path.Combine(place, name + ".json"));
        var copy = folder[name + ".json"];
        File.Copy(paths.First(File.Exists), copy);
        return copy;
    }

    private static (double Difference, double Cosine) Compare(ReadOnlySpan<float> expected, ReadOnlySpan<float> found)
    {
        double largest = 0, difference = 0, product = 0, expectedNorm = 0, foundNorm = 0;
        for (var i = 0; i < expected.Length; i++)
        {
            largest = Math.Max(largest, Math.Abs(expected[i]));
            difference = Math.Max(difference, Math.Abs(expected[i] - found[i]));
            product += (double)expected[i] * found[i];
            expectedNorm += (double)expected[i] * expected[i];
            foundNorm += (double)found[i] * found[i];
        }

        return (difference / largest, product / Math.Sqrt(expectedNorm * foundNorm));
    }
}
