using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using OnnxTransfer.Imaging;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Backbones;

/// <summary><see cref="BackboneDescription"/> to JSON, as <see cref="DescriptionReader"/> reads it.</summary>
internal static partial class DescriptionWriter
{
    private static readonly JsonSerializerOptions Options = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string ToJson(BackboneDescription about)
    {
        var json = new JsonObject { ["format"] = BackboneDescription.CurrentFormat, ["name"] = about.Name };
        Text(json, "family", about.Family);
        json["file"] = about.File;
        Text(json, "sha256", about.Sha256);
        Text(json, "obtain", about.Obtain);
        Text(json, "source", about.Source);
        Text(json, "licence", about.Licence);
        Text(json, "precision", about.Precision);
        json["input"] = Input(about.Input);
        json["preprocessing"] = Preprocessing(about.Preprocessing);
        json["taps"] = new JsonArray([.. about.Taps.Select(Tap)]);
        json["embedding"] = new JsonArray([.. about.Embedding.Select(name => JsonValue.Create(name))]);
        json["parameters"] = about.Parameters;
        json["macs"] = about.Macs;
        if (about.Golden is { } golden)
        {
            json["golden"] = new JsonObject
            {
                ["image"] = golden.Image,
                ["taps"] = new JsonArray([.. golden.Taps.Select(name => JsonValue.Create(name))]),
                ["values"] = Numbers(golden.Values),
            };
        }

        return ListOnLines().Replace(json.ToJsonString(Options), list => $"[{Separators().Replace(list.Groups[1].Value, ", ")}]") + "\n";
    }

    /// <summary>Writes the file whole or not at all; one that is there already only where it may be overwritten.</summary>
    /// <exception cref="BackboneException">It cannot be written, or is there already.</exception>
    public static void Write(BackboneDescription about, string path, bool overwrite)
    {
        var part = $"{path}.{Guid.NewGuid():N}.part";
        try
        {
            File.WriteAllText(part, ToJson(about));
            File.Move(part, path, overwrite);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            if (File.Exists(part))
            {
                File.Delete(part);
            }

            throw new BackboneException($"{path}: cannot be written ({error.Message}); name a file that can be, with --output FILE.json "
                + $"in a folder that {BackboneCatalogue.FolderVariable} names: the network is found by its hash", error);
        }
    }

    // Lists of numbers or names, which the serialiser gives a line each; JSON texts hold no line breaks.
    [GeneratedRegex(@"\[\n\s+([^\[\]{}]*?)\n\s*\]")]
    private static partial Regex ListOnLines();

    [GeneratedRegex(@",\n\s+")]
    private static partial Regex Separators();

    private static JsonObject Input(InputDescription input)
    {
        var json = new JsonObject
        {
            ["tensor"] = input.Tensor,
            ["layout"] = Layout(input.Layout),
            ["height"] = input.Height,
            ["width"] = input.Width,
            ["channels"] = input.Channels.ToString().ToUpperInvariant(),
        };
        if (input.Batch > 0)
        {
            json["batch"] = input.Batch;
        }

        return json;
    }

    private static JsonObject Preprocessing(PreprocessingDescription about)
    {
        var pixels = about.Pixels;
        return new()
        {
            ["resize"] = pixels.Resize == ResizeRule.Exact ? "exact" : "shorterSide",
            ["size"] = pixels.Resize == ResizeRule.Exact ? new JsonArray(pixels.Height, pixels.Width) : new JsonArray(pixels.Height),
            ["crop"] = new JsonArray(pixels.CropHeight, pixels.CropWidth),
            ["interpolation"] = pixels.Interpolation == Interpolation.Bilinear ? "bilinear" : "bicubic",
            ["mean"] = Numbers(about.Mean),
            ["std"] = Numbers(about.Std),
        };
    }

    private static JsonObject Tap(TapDescription tap)
    {
        var json = new JsonObject
        {
            ["name"] = tap.Name,
            ["tensor"] = tap.Tensor,
            ["shape"] = new JsonArray([.. tap.Shape.Select(d => JsonValue.Create(d))]),
            ["pooling"] = tap.Pooling.Name,
            ["width"] = tap.Width,
        };
        if (tap.Layout is { } layout)
        {
            json["layout"] = Layout(layout);
        }

        return json;
    }

    private static string Layout(TensorLayout layout) => layout.ToString().ToUpperInvariant();

    // As short as a float can be and read back the same.
    private static JsonArray Numbers(IEnumerable<float> values) =>
        new([.. values.Select(v => JsonNode.Parse(v.ToString("R", CultureInfo.InvariantCulture)))]);

    private static void Text(JsonObject json, string name, string value)
    {
        if (value.Length > 0)
        {
            json[name] = value;
        }
    }
}
