using System.Text.Json;
using OnnxTransfer.Imaging;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Backbones;

/// <summary>JSON to <see cref="BackboneDescription"/>. Unknown fields are passed over; what is there must fit together.</summary>
internal static class DescriptionReader
{
    /// <summary>A whole description, for messages.</summary>
    public const string Example = """
        {
          "format": 1, "name": "my-net", "file": "my-net.onnx", "sha256": "<64 hexadecimal digits>",
          "input": { "tensor": "input", "layout": "NCHW", "height": 224, "width": 224, "channels": "RGB" },
          "preprocessing": { "resize": "shorterSide", "size": [256], "crop": [224, 224], "interpolation": "bilinear",
                             "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225] },
          "taps": [ { "name": "layer4", "tensor": "/layer4/Relu_output_0", "shape": [512, 7, 7], "pooling": "average", "width": 512 } ],
          "embedding": ["layer4"]
        }
        """;

    public static BackboneDescription Read(string json, string source)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(json);
        }
        catch (JsonException e)
        {
            throw new BackboneException($"{source}: is not JSON ({e.Message}); expected a backbone's description such as\n{Example}", e);
        }

        using (document)
        {
            var root = new JsonField(source, "", document.RootElement);
            if (root.Value.ValueKind != JsonValueKind.Object)
            {
                throw new BackboneException($"{source}: holds a JSON {root.Value.ValueKind.ToString().ToLowerInvariant()}; expected a backbone's description such as\n{Example}");
            }

            return Read(root, json);
        }
    }

    private static BackboneDescription Read(JsonField root, string json)
    {
        if (root["format"].Number() is var format && format != BackboneDescription.CurrentFormat)
        {
            throw new BackboneException($"{root.File}: has format {format}; this version reads format {BackboneDescription.CurrentFormat}: use a newer version of this program");
        }

        var input = Input(root["input"]);
        var taps = Taps(root["taps"]);
        return new BackboneDescription
        {
            Name = root["name"].Text(),
            Family = root.Optional("family")?.Text() ?? "",
            File = FileName(root["file"]),
            Sha256 = root.Optional("sha256") is { } hash ? Hash(hash) : "",
            Obtain = root.Optional("obtain")?.Text() ?? "",
            Source = root.Optional("source")?.Text() ?? "",
            Licence = root.Optional("licence")?.Text() ?? "",
            Precision = root.Optional("precision")?.OneOf(("int8", "int8")) ?? "",
            Input = input,
            Preprocessing = Preprocessing(root["preprocessing"], input),
            Taps = taps,
            Embedding = TapNames(root["embedding"], taps),
            Parameters = root.Optional("parameters")?.Count() ?? 0,
            Macs = root.Optional("macs")?.Count() ?? 0,
            Golden = root.Optional("golden") is { } golden ? Golden(golden, taps) : null,
            Json = json,
        };
    }

    private static string FileName(JsonField field) =>
        field.Text() is var name && name == Path.GetFileName(name) ? name : throw field.Wrong("the name of a file, without folders");

    private static string Hash(JsonField field) => field.Text().ToLowerInvariant() is { Length: 64 } hash && hash.All(char.IsAsciiHexDigit)
        ? hash
        : throw field.Wrong("64 hexadecimal digits, as sha256sum prints them");

    private static InputDescription Input(JsonField field) => new(
        field["tensor"].Text(),
        Layout(field["layout"]),
        field["height"].Number(),
        field["width"].Number(),
        field["channels"].OneOf(("RGB", ChannelOrder.Rgb), ("BGR", ChannelOrder.Bgr)),
        field.Optional("batch")?.Number() ?? 0);

    private static TensorLayout Layout(JsonField field) => field.OneOf(("NCHW", TensorLayout.Nchw), ("NHWC", TensorLayout.Nhwc));

    private static PreprocessingDescription Preprocessing(JsonField field, InputDescription input)
    {
        var shorterSide = field["resize"].OneOf(("exact", false), ("shorterSide", true));
        var sizeField = field["size"];
        var size = (shorterSide ? sizeField.Items("one number, the shorter side", 1) : sizeField.Items("two numbers, height and width", 2))
            .Select(item => item.Number()).ToArray();
        var cropField = field["crop"];
        var crop = cropField.Items("two numbers, height and width", 2).Select(item => item.Number()).ToArray();
        if (crop[0] != input.Height || crop[1] != input.Width)
        {
            throw cropField.Wrong($"the input's height and width, [{input.Height}, {input.Width}]");
        }

        float[] Three(string name, Func<float, bool> good, string expected)
        {
            var values = field[name];
            var three = values.Items(expected, 3).Select(item => item.Real()).ToArray();
            return three.All(good) ? three : throw values.Wrong(expected);
        }

        var pixels = new PixelPreprocessing
        {
            Resize = shorterSide ? ResizeRule.ShorterSide : ResizeRule.Exact,
            Height = size[0],
            Width = size[^1],
            CropHeight = crop[0],
            CropWidth = crop[1],
            Interpolation = field["interpolation"].OneOf(("bilinear", Interpolation.Bilinear), ("bicubic", Interpolation.Bicubic)),
        };
        return new(
            pixels,
            Three("mean", _ => true, "three numbers, one per channel"),
            Three("std", s => s > 0, "three numbers above 0, one per channel"));
    }

    private static TapDescription[] Taps(JsonField field)
    {
        var taps = field.Items("a list of taps").Select(Tap).ToArray();
        var twice = taps.GroupBy(t => t.Name).FirstOrDefault(g => g.Count() > 1);
        return twice is null ? taps : throw new BackboneException($"{field.File}: has two taps named '{twice.Key}'; give each its own name");
    }

    private static TapDescription Tap(JsonField field)
    {
        var shapeField = field["shape"];
        var shape = shapeField.Items("[channels, height, width], or [width] for a vector", 1, 3).Select(item => item.Number()).ToArray();
        var name = field["name"];
        if (name.Text().Contains(':'))
        {
            throw name.Wrong("a name without ':', which separates a tap from its pooling");
        }

        var poolingField = field["pooling"];
        if (!TapPooling.TryParse(poolingField.Text(), out var pooling) || (shape.Length == 1 && pooling != TapPooling.None))
        {
            throw poolingField.Wrong(shape.Length == 1 ? "\"none\", since the tap is a vector" : "\"average\", \"max\", \"both\", \"none\" or \"gridN\" with N from 1 to 64");
        }

        var widthField = field["width"];
        var width = widthField.Number();
        return width == pooling.WidthOf(shape)
            ? new(name.Text(), field["tensor"].Text(), shape, pooling, width, field.Optional("layout") is { } layout ? Layout(layout) : null)
            : throw widthField.Wrong($"{pooling.WidthOf(shape)}, the width of shape [{string.Join(", ", shape)}] with pooling {pooling}");
    }

    private static string[] TapNames(JsonField field, TapDescription[] taps) =>
        [.. field.Items("a list of tap names").Select(item => taps.Any(t => t.Name == item.Text())
            ? item.Text()
            : throw item.Wrong($"one of the taps {string.Join(", ", taps.Select(t => $"\"{t.Name}\""))}"))];

    private static GoldenDescription Golden(JsonField field, TapDescription[] taps)
    {
        var names = TapNames(field["taps"], taps);
        var width = names.Sum(name => taps.First(t => t.Name == name).Width);
        var values = field["values"];
        var numbers = values.Items($"{width} numbers, the width of its taps", width).Select(item => item.Real()).ToArray();
        return new(FileName(field["image"]), names, numbers);
    }
}
