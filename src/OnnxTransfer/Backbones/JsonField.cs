using System.Text.Json;

namespace OnnxTransfer.Backbones;

/// <summary>A place in a JSON file that knows its own path, so that every error names file, field and what was expected.</summary>
internal readonly record struct JsonField(string File, string Path, JsonElement Value)
{
    /// <summary>A field that must be there.</summary>
    public JsonField this[string name] => Optional(name) ?? throw new BackboneException($"{File}: lacks the field '{Child(name)}'; {Cure}");

    private string Cure => $"see another description for how it looks, such as\n{DescriptionReader.Example}";

    /// <summary>A field that may be absent or null.</summary>
    public JsonField? Optional(string name) =>
        Kind(JsonValueKind.Object, "an object").Value.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null
            ? new JsonField(File, Child(name), value)
            : null;

    public string Text() => Kind(JsonValueKind.String, "a text").Value.GetString() is { Length: > 0 } text ? text : throw Wrong("a text that is not empty");

    public int Number(int least = 1) => Value.ValueKind == JsonValueKind.Number && Value.TryGetInt32(out var n) && n >= least
        ? n
        : throw Wrong($"a whole number, at least {least}");

    public long Count() => Value.ValueKind == JsonValueKind.Number && Value.TryGetInt64(out var n) && n >= 0
        ? n
        : throw Wrong("a whole number, at least 0");

    public float Real() => Value.ValueKind == JsonValueKind.Number && Value.TryGetSingle(out var x) && float.IsFinite(x) ? x : throw Wrong("a number");

    public T OneOf<T>(params (string Name, T Value)[] choices)
    {
        var text = Text();
        foreach (var (name, value) in choices)
        {
            if (name == text)
            {
                return value;
            }
        }

        throw Wrong(string.Join(" or ", choices.Select(c => $"\"{c.Name}\"")));
    }

    public JsonField[] Items(string expected, params int[] lengths)
    {
        var (file, path) = (File, Path);
        var items = Kind(JsonValueKind.Array, expected).Value.EnumerateArray().Select((v, i) => new JsonField(file, $"{path}[{i}]", v)).ToArray();
        return lengths.Length == 0 ? (items.Length > 0 ? items : throw Wrong(expected)) : lengths.Contains(items.Length) ? items : throw Wrong(expected);
    }

    public BackboneException Wrong(string expected)
    {
        var found = Value.GetRawText();
        return new($"{File}: the field '{Path}' is {(found.Length <= 80 ? found : found[..80] + "...")}; expected {expected}: correct it in that file");
    }

    private JsonField Kind(JsonValueKind kind, string expected) => Value.ValueKind == kind ? this : throw Wrong(expected);

    private string Child(string name) => Path.Length == 0 ? name : $"{Path}.{name}";
}
