using System.Text.Json;
using System.Text.Json.Nodes;
using OnnxTransfer.Export;
using OnnxTransfer.Heads;
using OnnxTransfer.Imaging;

namespace OnnxTransfer.Tests.Export;

/// <summary>Cards are written by a serialiser and read field by field: nothing may get lost between the two.</summary>
public sealed class ModelCardTests
{
    private static readonly ModelCard Full = new()
    {
        Format = 7,
        Classes = ["a", "\u00e9\"\\"],
        Task = HeadTask.Labels,
        ValueNames = ["low", "high"],
        Preprocessing = PixelPreprocessing.Exact(9, 8, Interpolation.Bicubic) with { CropHeight = 7, CropWidth = 6 },
        Jpeg = JpegDecoding.Scaled,
        L2Normalize = true,
        AveragesPhotos = true,
        Numbers = ["beds"],
        Backbone = new("net", "abc", ["t:both", "u"], "there", "MIT", "fp16"),
        Head = new Dictionary<string, string> { ["kind"] = "ridge", ["l2"] = "0.1" },
        Data = new("flowers", "def", 3, 2, 1),
        Scores = new Dictionary<string, double> { ["accuracy"] = 0.1 + 0.2, ["r2"] = -1e-9 },
    };

    [Fact]
    public void Every_field_of_a_card_comes_back()
    {
        var written = JsonNode.Parse(Full.ToJson())!;

        Assert.Equal(Full.ToJson(), ModelCard.Parse(Full.ToJson()).ToJson());

        // A field that this test does not set would come back by its default: there must be none.
        var empty = JsonNode.Parse(new ModelCard { Preprocessing = PixelPreprocessing.ShorterSide(1, 1), Backbone = new("", "", [], "", "") }.ToJson())!;
        AssertAllDiffer(empty, written, "card");
    }

    [Fact]
    public void What_a_card_does_not_say_keeps_its_default()
    {
        var card = ModelCard.Parse("""
            {"preprocessing":{"resize":"shorterSide","height":10,"width":10,"cropHeight":8,"cropWidth":8,"interpolation":"bicubic","later":1},
             "backbone":{"name":"tiny","sha256":"x","taps":["a"],"source":"s","licence":"l"},"data":null,"later":{}}
            """);

        Assert.Equal("shorterSide 10 bicubic crop 8x8", card.Preprocessing.Signature);
        Assert.Equal((ModelCard.CurrentFormat, HeadTask.Classes, JpegDecoding.Exact, "fp32"), (card.Format, card.Task, card.Jpeg, card.Backbone.Precision));
        Assert.True(card is { Classes.Count: 0, Numbers.Count: 0, Scores.Count: 0, Head.Count: 0, Data: null });
    }

    [Theory]
    [InlineData("not JSON", "'not JSON' is an invalid JSON literal")]
    [InlineData("[]", "Object")]
    [InlineData("{}", "it lacks the field 'preprocessing'")]
    [InlineData("{\"preprocessing\":{\"height\":0}}", "value")]
    [InlineData("{\"preprocessing\":{\"height\":\"x\"}}", "Number")]
    public void What_is_no_card_is_a_json_error(string json, string told) =>
        Assert.Contains(told, Assert.ThrowsAny<JsonException>(() => ModelCard.Parse(json)).Message, StringComparison.Ordinal);

    private static void AssertAllDiffer(JsonNode empty, JsonNode full, string where)
    {
        foreach (var (name, value) in full.AsObject())
        {
            var field = $"{where}.{name}";
            if (value is JsonObject inner && empty[name] is JsonObject { Count: > 0 } before)
            {
                AssertAllDiffer(before, inner, field);
            }
            else
            {
                Assert.False(JsonNode.DeepEquals(empty[name], value), $"{field} has its default here: set another value above");
            }
        }

        Assert.Equal([], empty.AsObject().Select(pair => pair.Key).Except(full.AsObject().Select(pair => pair.Key)));
    }
}
