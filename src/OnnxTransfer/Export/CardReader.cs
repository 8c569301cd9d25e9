using System.Text.Json;
using OnnxTransfer.Heads;
using OnnxTransfer.Imaging;

namespace OnnxTransfer.Export;

/// <summary>
/// JSON to <see cref="ModelCard"/>, field by field: a serialiser that looks at types first takes longer for its first card
/// than a small network for its first answer. What is absent keeps its default; unknown fields are passed over.
/// </summary>
internal static class CardReader
{
    /// <summary>Reads what <see cref="ModelCard.ToJson"/> writes.</summary>
    /// <exception cref="JsonException">Not JSON, or a field is missing or of another kind.</exception>
    public static ModelCard Read(string json)
    {
        using var document = JsonDocument.Parse(json);
        try
        {
            return Card(document.RootElement);
        }
        catch (Exception error) when (error is InvalidOperationException or FormatException or ArgumentException)
        {
            throw new JsonException(error.Message, error);
        }
    }

    private static ModelCard Card(JsonElement card)
    {
        var empty = new ModelCard { Preprocessing = Preprocessing(Needed(card, "preprocessing")), Backbone = Backbone(Needed(card, "backbone")) };
        return empty with
        {
            Format = Field(card, "format")?.GetInt32() ?? empty.Format,
            Classes = Texts(card, "classes"),
            Task = Choice<HeadTask>(card, "task"),
            ValueNames = Texts(card, "valueNames"),
            Jpeg = Choice<JpegDecoding>(card, "jpeg"),
            L2Normalize = Field(card, "l2Normalize")?.GetBoolean() ?? false,
            AveragesPhotos = Field(card, "averagesPhotos")?.GetBoolean() ?? false,
            Numbers = Texts(card, "numbers"),
            Head = Entries(card, "head", value => value.GetString()!),
            Data = Field(card, "data") is { } data ? Data(data) : null,
            Scores = Entries(card, "scores", value => value.GetDouble()),
        };
    }

    private static PixelPreprocessing Preprocessing(JsonElement field) => new()
    {
        Resize = Choice(field, "resize", ResizeRule.ShorterSide),
        Height = Needed(field, "height").GetInt32(),
        Width = Needed(field, "width").GetInt32(),
        CropHeight = Needed(field, "cropHeight").GetInt32(),
        CropWidth = Needed(field, "cropWidth").GetInt32(),
        Interpolation = Choice<Interpolation>(field, "interpolation"),
    };

    private static CardBackbone Backbone(JsonElement field)
    {
        var backbone = new CardBackbone(Text(field, "name"), Text(field, "sha256"), Texts(field, "taps"), Text(field, "source"), Text(field, "licence"));
        return Field(field, "precision")?.GetString() is { } precision ? backbone with { Precision = precision } : backbone;
    }

    private static CardData Data(JsonElement field) => new(
        Text(field, "source"),
        Text(field, "sha256"),
        Field(field, "train")?.GetInt32() ?? 0,
        Field(field, "validation")?.GetInt32() ?? 0,
        Field(field, "test")?.GetInt32() ?? 0);

    private static JsonElement Needed(JsonElement parent, string name) => Field(parent, name) ?? throw new JsonException($"it lacks the field '{name}'");

    private static JsonElement? Field(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static string Text(JsonElement parent, string name) => Field(parent, name)?.GetString() ?? "";

    private static T Choice<T>(JsonElement parent, string name, T absent = default)
        where T : struct, Enum => Field(parent, name)?.GetString() is not { } text ? absent
        : Enum.TryParse(text, ignoreCase: true, out T value) && Enum.IsDefined(value) ? value
        : throw new JsonException($"the field '{name}' is '{text}'");

    private static string[] Texts(JsonElement parent, string name)
    {
        if (Field(parent, name) is not { } field)
        {
            return [];
        }

        var texts = new string[field.GetArrayLength()];
        var at = 0;
        foreach (var text in field.EnumerateArray())
        {
            texts[at++] = text.GetString() ?? throw new JsonException($"the field '{name}' holds a null");
        }

        return texts;
    }

    private static Dictionary<string, T> Entries<T>(JsonElement parent, string name, Func<JsonElement, T> read)
    {
        var entries = new Dictionary<string, T>();
        if (Field(parent, name) is { } field)
        {
            foreach (var entry in field.EnumerateObject())
            {
                entries[entry.Name] = read(entry.Value);
            }
        }

        return entries;
    }
}
