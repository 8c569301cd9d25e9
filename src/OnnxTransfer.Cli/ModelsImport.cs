using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using OnnxTransfer.Backbones;
using OnnxTransfer.Imaging;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Cli;

/// <summary><c>models import</c>: makes a backbone of an ONNX network by writing its description.</summary>
internal sealed class ModelsImport
{
    private readonly Argument<string> _file = new("network") { Description = "an .onnx file: an image classifier or feature extractor of whatever origin" };
    private readonly Option<string?> _mean = new("--mean") { Description = "mean per channel, of x / 255, in the network's channel order: 0.485,0.456,0.406" };
    private readonly Option<string?> _std = new("--std") { Description = "standard deviation per channel, of x / 255: 0.229,0.224,0.225" };
    private readonly Option<ChannelOrder> _channels = new("--channels") { Description = "order of the colours the network was trained with", DefaultValueFactory = _ => ChannelOrder.Rgb };
    private readonly Option<string?> _size = new("--size") { Description = "input size where the file leaves it open: 224, or height x width as 224x160" };
    private readonly Option<string?> _resize = new("--resize") { Description = "shorter:256 (resize the shorter side, cut out the centre) or exact (stretch); default: shorter side to size x 256 / 224, exact for inputs under 64 pixels" };
    private readonly Option<Interpolation> _interpolation = new("--interpolation") { Description = "how images are resized", DefaultValueFactory = _ => Interpolation.Bilinear };
    private readonly Option<string[]> _tap = new("--tap") { Description = "a further tap, NAME=TENSOR or NAME=TENSOR:POOLING; may be given several times", DefaultValueFactory = _ => [] };
    private readonly Option<string?> _embedding = new("--embedding") { Description = "taps that make the embedding, separated by commas (default: what the classifier sees)" };
    private readonly Option<string?> _input = new("--input") { Description = "the input that takes the image, where there are several" };
    private readonly Option<string?> _name = new("--name") { Description = "what the backbone is called (default: the file's name)" };
    private readonly Option<string> _source = new("--source") { Description = "where the weights come from", DefaultValueFactory = _ => "" };
    private readonly Option<string> _licence = new("--licence") { Description = "licence of the weights", DefaultValueFactory = _ => "" };
    private readonly Option<string?> _output = new("--output") { Description = "where the description is written (default: beside the network, its name with .json)" };
    private readonly Option<bool> _overwrite = new("--overwrite") { Description = "replace a description that is there" };
    private readonly Option<bool> _json = new("--json") { Description = "print one JSON object" };

    public static Command Create(Terminal terminal)
    {
        var import = new ModelsImport();
        var command = new Command("import", "Make a backbone of an ONNX network: find its input and its taps, run it, write its description");
        command.Arguments.Add(import._file);
        foreach (var option in new Option[]
        {
            import._mean, import._std, import._channels, import._size, import._resize, import._interpolation, import._tap, import._embedding, import._input,
            import._name, import._source, import._licence, import._output, import._overwrite, import._json,
        })
        {
            command.Options.Add(option);
        }

        command.SetAction(parsed => import.Run(parsed, terminal));
        return command;
    }

    private int Run(ParseResult parsed, Terminal terminal)
    {
        var (path, settings) = (parsed.GetValue(_file)!, Settings(parsed));
        var analysis = BackboneImport.Analyse(OnnxModel.Load(path), settings);
        if (analysis.Missing.Count > 0)
        {
            throw new UsageException(ImportQuestions.Of(path, analysis, parsed));
        }

        var imported = BackboneImport.Import(path, settings);
        var next = Next(path, imported);
        if (parsed.GetValue(_json))
        {
            terminal.WriteJson(AsJson(imported, next));
            return ExitCode.Done;
        }

        foreach (var line in imported.Analysis.Found)
        {
            terminal.Out.WriteLine(line);
        }

        foreach (var line in imported.Analysis.Assumed)
        {
            terminal.Out.WriteLine($"assumed: {line}");
        }

        var about = imported.Description;
        terminal.Write(ModelsInspect.Table(about.Taps, about.Embedding));
        terminal.Out.WriteLine($"{about.Parameters:#,0} parameters, {about.Macs:#,0} multiply-adds an image; ran {(about.Input.Batch > 0 ? $"in batches of {about.Input.Batch}" : "for one image and for two, with the same numbers")}");
        terminal.Out.WriteLine($"description: {imported.DescriptionPath}");
        terminal.Out.WriteLine($"next: {next}");
        return ExitCode.Done;
    }

    private ImportSettings Settings(ParseResult parsed)
    {
        var resize = parsed.GetValue(_resize);
        var shorter = 0;
        if (resize is not (null or "exact") && !(resize.StartsWith("shorter:", StringComparison.Ordinal) && int.TryParse(resize.AsSpan(8), NumberStyles.None, CultureInfo.InvariantCulture, out shorter) && shorter > 0))
        {
            throw new UsageException($"--resize {resize}: expected exact or shorter:N, such as shorter:256");
        }

        if (parsed.GetValue(_output) is { } output)
        {
            if (!output.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
            {
                throw new UsageException($"--output {output}: expected a name that ends in .json");
            }

            DataOptions.NeedFolder(_output, output);
        }

        return new()
        {
            Mean = Three(parsed, _mean),
            Std = Three(parsed, _std),
            Channels = parsed.GetValue(_channels),
            Size = Size(parsed.GetValue(_size)),
            Resize = resize switch { null => null, "exact" => ResizeRule.Exact, _ => ResizeRule.ShorterSide },
            ShorterSide = shorter,
            Interpolation = parsed.GetValue(_interpolation),
            Taps = parsed.GetValue(_tap)!,
            Embedding = DataOptions.List(parsed.GetValue(_embedding)),
            Input = parsed.GetValue(_input),
            Name = parsed.GetValue(_name),
            Source = parsed.GetValue(_source)!,
            Licence = parsed.GetValue(_licence)!,
            Output = parsed.GetValue(_output),
            Overwrite = parsed.GetValue(_overwrite),
        };
    }

    private static float[]? Three(ParseResult parsed, Option<string?> option)
    {
        if (DataOptions.List(parsed.GetValue(option)) is not { } parts)
        {
            return null;
        }

        var values = parts.Select(part => float.TryParse(part, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : float.NaN).ToArray();
        if (values.Length != 3 || !values.All(float.IsFinite))
        {
            throw new UsageException($"{option.Name} {parsed.GetValue(option)}: expected three numbers, one per channel, such as 0.5,0.5,0.5");
        }

        if (option.Name == "--std" && values.Any(v => v <= 0))
        {
            throw new UsageException($"--std {parsed.GetValue(option)}: expected three numbers above 0");
        }

        return values.All(v => Math.Abs(v) <= ImportSettings.LargestOfUnit) ? values
            : throw new UsageException($"{option.Name} {parsed.GetValue(option)}: is of pixels from 0 to 255; expected of x / 255: {option.Name} {string.Join(',', values.Select(v => (v / 255).ToString("0.######", CultureInfo.InvariantCulture)))}");
    }

    private static (int Height, int Width)? Size(string? text)
    {
        if (text is null)
        {
            return null;
        }

        var sides = text.Split('x').Select(side => int.TryParse(side, NumberStyles.None, CultureInfo.InvariantCulture, out var pixels) ? pixels : 0).ToArray();
        return sides.Length is 1 or 2 && sides.All(side => side > 0)
            ? (sides[0], sides[^1])
            : throw new UsageException($"--size {text}: expected a number of pixels such as 224, or height x width such as 224x160");
    }

    /// <summary>The command that uses it: by the description where that is not the one beside the network, which would count.</summary>
    private static string Next(string path, ImportedBackbone imported)
    {
        var (network, description) = (Path.GetFullPath(path), Path.GetFullPath(imported.DescriptionPath));
        var folder = Path.GetDirectoryName(network)!;
        var place = folder == Path.GetDirectoryName(description) ? "" : $"{BackboneCatalogue.FolderVariable}={ImportQuestions.Quoted(folder)} ";
        var backbone = description == Path.ChangeExtension(network, ".json") ? path : imported.DescriptionPath;
        return $"{place}{CommandLine.Name} train PHOTOS --backbone {ImportQuestions.Quoted(backbone)} -o model.onnx";
    }

    private static JsonObject AsJson(ImportedBackbone imported, string next)
    {
        var about = imported.Description;
        static JsonArray Texts(IEnumerable<string> lines) => new([.. lines.Select(line => JsonValue.Create(line))]);
        return new JsonObject
        {
            ["name"] = about.Name,
            ["file"] = about.File,
            ["description"] = imported.DescriptionPath,
            ["sha256"] = about.Sha256,
            ["input"] = ModelsInspect.Input(about.Input, imported.Analysis.ElementType),
            ["batch"] = ModelsInspect.Batch(about.Input.Batch),
            ["preprocessing"] = about.Preprocessing.Pixels.Signature,
            ["mean"] = new JsonArray([.. about.Preprocessing.Mean.Select(v => JsonValue.Create(v))]),
            ["std"] = new JsonArray([.. about.Preprocessing.Std.Select(v => JsonValue.Create(v))]),
            ["taps"] = ModelsInspect.Taps(about.Taps),
            ["embedding"] = string.Join(",", about.Embedding),
            ["width"] = about.Width,
            ["parameters"] = about.Parameters,
            ["macs"] = about.Macs,
            ["found"] = Texts(imported.Analysis.Found),
            ["assumed"] = Texts(imported.Analysis.Assumed),
            ["next"] = next,
        };
    }
}
