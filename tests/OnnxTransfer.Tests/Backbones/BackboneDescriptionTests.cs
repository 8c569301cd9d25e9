using System.Text.Json.Nodes;
using OnnxTransfer.Backbones;
using OnnxTransfer.Imaging;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Tests.Backbones;

public sealed class BackboneDescriptionTests : IDisposable
{
    private readonly TinyBackbone tiny = new();

    public void Dispose() => tiny.Dispose();

    [Fact]
    public void Reads_every_field()
    {
        var d = BackboneDescription.Load(tiny.DescriptionPath);

        Assert.Equal(("tiny", "test", "tiny.onnx", "these tests", "MIT"), (d.Name, d.Family, d.File, d.Source, d.Licence));
        Assert.Equal(new InputDescription("input", TensorLayout.Nchw, 8, 8, ChannelOrder.Rgb), d.Input);
        Assert.Equal(PixelPreprocessing.ShorterSide(10, 8, Interpolation.Bicubic), d.Preprocessing.Pixels);
        Assert.Equal([0.5f, 0.4f, 0.3f], d.Preprocessing.Mean);
        Assert.Equal([0.2f, 0.25f, 0.3f], d.Preprocessing.Std);
        Assert.Equal(["a", "b", "v"], d.Taps.Select(t => t.Name));
        Assert.Equal(TapPooling.GridOf(2), d.Taps[0].Pooling);
        Assert.Equal([4, 8, 8], d.Taps[0].Shape);
        Assert.Equal(["a", "b"], d.Embedding);
        Assert.Equal(22, d.Width);
        Assert.Equal((336, 10380), (d.Parameters, d.Macs));
        Assert.Equal("reference.png", d.Golden!.Image);
        Assert.Equal([1, 2, 3, 4, 5, 6], d.Golden.Values);
    }

    [Fact]
    public void Keeps_what_it_does_not_know()
    {
        var kept = JsonNode.Parse(BackboneDescription.Load(tiny.DescriptionPath).Json)!;

        Assert.Equal(3, (int)kept["training"]!["epochs"]!);
        Assert.True((bool)kept["someday"]!["unknown"]!);
    }

    [Fact]
    public void The_example_of_the_messages_is_a_description()
    {
        var example = DescriptionReader.Example.Replace("<64 hexadecimal digits>", new string('a', 64));

        Assert.Equal(512, BackboneDescription.Parse(example, "example").Width);
    }

    [Theory]
    [InlineData("format")]
    [InlineData("name")]
    [InlineData("file")]
    [InlineData("input")]
    [InlineData("preprocessing")]
    [InlineData("taps")]
    [InlineData("embedding")]
    public void A_field_that_must_be_there(string field) => Assert.Equal(
        $"tiny.json: lacks the field '{field}'; see another description for how it looks, such as\n{DescriptionReader.Example}",
        tiny.Refused(json => json.Remove(field)));

    [Fact]
    public void Inner_fields_are_named_with_their_path()
    {
        Assert.StartsWith("tiny.json: lacks the field 'taps[1].tensor'; ", tiny.Refused(json => json["taps"]![1]!.AsObject().Remove("tensor")));
        using var fresh = new TinyBackbone();
        Assert.StartsWith("tiny.json: lacks the field 'input.height'; ", fresh.Refused(json => json["input"]!.AsObject().Remove("height")));
    }

    [Fact]
    public void Values_that_do_not_fit_are_named_with_what_was_expected()
    {
        void Wrong(string message, Action<JsonObject> change)
        {
            using var fresh = new TinyBackbone();
            Assert.Equal($"tiny.json: the field {message}: correct it in that file", fresh.Refused(change));
        }

        Wrong("'name' is 7; expected a text", j => j["name"] = 7);
        Wrong("'name' is \"\"; expected a text that is not empty", j => j["name"] = "");
        Wrong("'file' is \"../net.onnx\"; expected the name of a file, without folders", j => j["file"] = "../net.onnx");
        Wrong("'sha256' is \"abc\"; expected 64 hexadecimal digits, as sha256sum prints them", j => j["sha256"] = "abc");
        Wrong("'input.layout' is \"HWC\"; expected \"NCHW\" or \"NHWC\"", j => j["input"]!["layout"] = "HWC");
        Wrong("'input.height' is 0; expected a whole number, at least 1", j => j["input"]!["height"] = 0);
        Wrong("'input.height' is 8.5; expected a whole number, at least 1", j => j["input"]!["height"] = 8.5);
        Wrong("'preprocessing' is []; expected an object", j => j["preprocessing"] = new JsonArray());
        Wrong("'preprocessing.size' is [10,10]; expected one number, the shorter side", j => j["preprocessing"]!["size"] = new JsonArray(10, 10));
        Wrong("'preprocessing.crop' is [9,8]; expected the input's height and width, [8, 8]", j => j["preprocessing"]!["crop"] = new JsonArray(9, 8));
        Wrong("'preprocessing.mean' is [1,2]; expected three numbers, one per channel", j => j["preprocessing"]!["mean"] = new JsonArray(1, 2));
        Wrong("'preprocessing.std' is [1,0,1]; expected three numbers above 0, one per channel", j => j["preprocessing"]!["std"] = new JsonArray(1, 0, 1));
        Wrong("'preprocessing.interpolation' is \"nearest\"; expected \"bilinear\" or \"bicubic\"", j => j["preprocessing"]!["interpolation"] = "nearest");
        Wrong("'taps' is []; expected a list of taps", j => j["taps"] = new JsonArray());
        Wrong("'taps[0].shape' is [4,8]; expected [channels, height, width], or [width] for a vector", j => j["taps"]![0]!["shape"] = new JsonArray(4, 8));
        Wrong("'taps[0].pooling' is \"mean\"; expected \"average\", \"max\", \"both\", \"none\" or \"gridN\" with N from 1 to 64", j => j["taps"]![0]!["pooling"] = "mean");
        Wrong("'taps[2].pooling' is \"average\"; expected \"none\", since the tap is a vector", j => j["taps"]![2]!["pooling"] = "average");
        Wrong("'taps[0].width' is 64; expected 16, the width of shape [4, 8, 8] with pooling grid2", j => j["taps"]![0]!["width"] = 64);
        Wrong("'taps[0].name' is \"a:b\"; expected a name without ':', which separates a tap from its pooling", j => j["taps"]![0]!["name"] = "a:b");
        Wrong("'embedding[1]' is \"c\"; expected one of the taps \"a\", \"b\", \"v\"", j => j["embedding"]![1] = "c");
        Wrong("'golden.values' is [1]; expected 6 numbers, the width of its taps", j => j["golden"]!["values"] = new JsonArray(1));
        Wrong("'macs' is -1; expected a whole number, at least 0", j => j["macs"] = -1);
    }

    [Fact]
    public void Two_taps_of_one_name_are_refused() => Assert.Equal(
        "tiny.json: has two taps named 'a'; give each its own name",
        tiny.Refused(json => json["taps"]![1]!["name"] = "a"));

    [Fact]
    public void A_newer_format_is_refused() => Assert.Equal(
        "tiny.json: has format 2; this version reads format 1: use a newer version of this program",
        tiny.Refused(json => json["format"] = 2));

    [Theory]
    [InlineData("{ \"format\": 1, ", "net.json: is not JSON (")]
    [InlineData("[1]", "net.json: holds a JSON array; expected a backbone's description such as\n{")]
    [InlineData("", "net.json: is not JSON (")]
    public void What_is_no_description_is_refused(string json, string start) =>
        Assert.StartsWith(start, Assert.Throws<BackboneException>(() => BackboneDescription.Parse(json, "net.json")).Message);

    [Fact]
    public void The_committed_descriptions_are_read()
    {
        var catalogue = new BackboneCatalogue(Outside.Descriptions);

        Assert.Equal(
            ["mobilenetv1-025-128-imagenet1001", "pixels-28x28-grey", "resnet14-cifar10", "resnet20-cifar10", "resnet50v2-stage3-imagenet", "squeezenet1.1-imagenet"],
            catalogue.List().Select(e => e.Description.Name));
        Assert.Empty(catalogue.Problems());
    }
}
