using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Heads.Tuning;
using OnnxTransfer.Inference;

namespace OnnxTransfer.Cli;

/// <summary><c>models pretrain</c>: learns a backbone from images without labels.</summary>
internal sealed class ModelsPretrain
{
    private readonly Argument<string> _data = new("data") { Description = "images, labelled or not: a folder, a .csv or .tsv manifest, a folder of idx files (MNIST) or of CIFAR binaries; test items are left out" };
    private readonly Option<string> _output = new("--output", "-o") { Description = "the new backbone, NAME.onnx; its description goes beside it as NAME.json, its golden image as NAME-golden.bmp", Required = true };
    private readonly Option<string> _kind = new("--autoencoder") { Description = "conv: convolutions, on the pixels of small images; dense: fully connected, on pixels, or on the embeddings of --backbone", Required = true };
    private readonly Option<int> _width = new("--width") { Description = "numbers of the code, which becomes the embedding", DefaultValueFactory = _ => 64 };
    private readonly Option<string?> _size = new("--size") { Description = "pixels: size that images are brought to, 32, or height x width as 32x48 (default: 32x32)" };
    private readonly Option<string?> _layers = new("--layers") { Description = "conv: channels of each halving (default: 32,64,128); dense: widths of the layers between input and code, or none (default: 256)" };
    private readonly Option<string?> _backbone = new("--backbone") { Description = "dense: learn from the embeddings of this backbone, a name from 'models list' or the path of an .onnx file; the new one goes from pixels to the code" };
    private readonly Option<string?> _tap = new("--tap") { Description = "with --backbone: taps to learn from, separated by commas (default: what its description says)" };
    private readonly Option<string?> _cache = new("--cache") { Description = $"with --backbone: folder that keeps its embeddings (default: {EmbedOptions.DefaultCache})" };
    private readonly Option<ExecutionProvider> _provider = new("--provider") { Description = "auto takes CUDA where it works; cuda or cpu is used or the run fails", DefaultValueFactory = _ => ExecutionProvider.Auto };
    private readonly Option<int> _threads = new("--threads") { Description = "threads on a CPU; 0: one for each core", DefaultValueFactory = _ => 0 };
    private readonly Option<string> _maxFailures = new("--max-failures") { Description = "how many images may fail, as a count or a percentage, before the run fails (exit code 3)", DefaultValueFactory = _ => "10%" };
    private readonly Option<long> _seed = new("--seed") { Description = "decides first weights, the images that validate, and the order", DefaultValueFactory = _ => 0 };
    private readonly Option<string?> _name = new("--name") { Description = "what the backbone is called (default: the name of its file)" };
    private readonly Option<bool> _overwrite = new("--overwrite") { Description = "replace files that are there" };
    private readonly Option<bool> _json = new("--json") { Description = "print one JSON object" };
    private readonly TuneOptions _tune = new(new Autoencoder().Training, "beside the output, NAME.checkpoint");

    public static Command Create(Terminal terminal)
    {
        var verb = new ModelsPretrain();
        verb._kind.AcceptOnlyFromAmong("conv", "dense");
        var command = new Command(
            "pretrain",
            """
            Learn a backbone from images without labels: an autoencoder squeezes each into a few numbers, the code, and learns to
            give back what went in. The half up to the code becomes a backbone: embed, train and train --unfreeze take it.
            """);
        command.Arguments.Add(verb._data);
        var tune = verb._tune;
        foreach (var option in new Option[]
        {
            verb._output, verb._kind, verb._width, verb._size, verb._layers, verb._backbone, verb._tap, verb._cache, tune.Epochs, tune.LearningRate, tune.StepBatch, tune.MicroBatch,
            tune.Optimizer, tune.Momentum, tune.WeightDecay, tune.Schedule, tune.WarmUp, tune.Clip, tune.Patience, tune.Checkpoint, verb._provider, verb._threads, verb._maxFailures, verb._seed, verb._name, verb._overwrite, verb._json,
        })
        {
            command.Options.Add(option);
        }

        command.SetAction((parsed, cancellation) => Task.Run(() => verb.Run(parsed, terminal, cancellation), CancellationToken.None));
        return command;
    }

    private int Run(ParseResult parsed, Terminal terminal, CancellationToken cancellation)
    {
        var (settings, output) = (Settings(parsed), parsed.GetValue(_output)!);
        if (!output.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase))
        {
            throw new UsageException($"--output {output}: expected a name that ends in .onnx; the description gets the same with .json");
        }

        DataOptions.NeedFolder(_output, output);
        settings.Check(output, onEmbeddings: parsed.GetValue(_backbone) is not null);
        var dataset = DatasetReader.Open(parsed.GetValue(_data)!);
        foreach (var note in dataset.Notes)
        {
            terminal.Say($"note: {note}");
        }

        var reading = new EmbedSettings { MaxFailures = EmbedOptions.Allowed(parsed.GetValue(_maxFailures)!, dataset.ImageCount), DecodeThreads = settings.Training.Threads };
        var report = parsed.GetValue(_backbone) is { } backbone
            ? OnEmbeddings(parsed, terminal, settings, dataset, backbone, reading, cancellation)
            : OnPixels(terminal, settings, dataset, output, reading, cancellation);
        foreach (var failure in report.Failures.Take(5))
        {
            terminal.Say($"failed: {failure.Reason}");
        }

        foreach (var note in report.Notes)
        {
            terminal.Say($"note: {note}");
        }

        var next = $"{CommandLine.Name} train PHOTOS --backbone {ImportQuestions.Quoted(output)} -o model.onnx";
        if (parsed.GetValue(_json))
        {
            terminal.WriteJson(AsJson(report, next));
            return ExitCode.Done;
        }

        var about = report.Description;
        terminal.Write(ModelsInspect.Table(about.Taps, about.Embedding));
        terminal.Out.WriteLine(FormattableString.Invariant(
            $"{report.TrainImages} images trained on, {report.ValidationImages} validated by: squared error {report.Loss:g4}, of the mean {report.MeanLoss:g4}: {100 * report.Explained:0.0} % of what differs comes back"));
        terminal.Out.WriteLine(FormattableString.Invariant($"epoch {report.BestEpoch + 1} of {report.Epochs.Count} was best, {report.Seconds:0.0} s; {about.Parameters:#,0} parameters, {about.Macs:#,0} multiply-adds an image"));
        terminal.Out.WriteLine($"backbone: {report.Path}, described in {Path.ChangeExtension(report.Path, ".json")}");
        terminal.Out.WriteLine($"next: {next}");
        return ExitCode.Done;
    }

    private static AutoencoderReport OnPixels(Terminal terminal, Autoencoder settings, Dataset dataset, string output, EmbedSettings reading, CancellationToken cancellation)
    {
        using var line = new TuneProgressLine(terminal);
        return settings.Fit(dataset, output, reading, line.Report, cancellation);
    }

    private AutoencoderReport OnEmbeddings(
        ParseResult parsed, Terminal terminal, Autoencoder settings, Dataset dataset, string name, EmbedSettings reading, CancellationToken cancellation)
    {
        using var cache = EmbeddingCache.Open(parsed.GetValue(_cache) ?? EmbedOptions.DefaultCache);
        using var backbone = Backbone.Load(name, parsed.GetValue(_provider), new BackboneSettings { Taps = DataOptions.List(parsed.GetValue(_tap)), Threads = settings.Training.Threads });
        EmbedRun run;
        using (var embedding = new EmbedProgressLine(terminal))
        {
            run = Embedder.Run(backbone, dataset, cache, reading with { Progress = embedding }, cancellation);
        }

        using var line = new TuneProgressLine(terminal);
        return settings.Fit(backbone, run.ToSet(), parsed.GetValue(_output)!, line.Report, cancellation) with { Failures = run.Report.Failures };
    }

    private Autoencoder Settings(ParseResult parsed)
    {
        var isDense = parsed.GetValue(_kind) == "dense";
        if (parsed.GetValue(_backbone) is not null)
        {
            if (!isDense)
            {
                throw new UsageException("--autoencoder conv: embeddings have no rows and columns; expected --autoencoder dense with --backbone, or no --backbone");
            }

            Refuse(parsed, _size, "images are brought to the size of --backbone; leave it out");
        }
        else
        {
            Refuse(parsed, _tap, "says where --backbone is tapped; name one, or leave it out");
            Refuse(parsed, _cache, "keeps the embeddings of --backbone; name one, or leave it out");
        }

        var settings = new Autoencoder
        {
            Kind = isDense ? AutoencoderKind.Dense : AutoencoderKind.Convolutional,
            CodeWidth = EmbedOptions.Positive(parsed, _width, 1),
            Name = parsed.GetValue(_name),
            Overwrite = parsed.GetValue(_overwrite),
        };
        if (parsed.GetValue(_size) is { } size)
        {
            var sides = Numbers(size, 'x');
            settings = sides.Length is 1 or 2 ? settings with { Size = (sides[0], sides[^1]) }
                : throw new UsageException($"--size {size}: expected a number of pixels such as 32, or height x width such as 32x48");
        }

        if (parsed.GetValue(_layers) is { } text)
        {
            var layers = text == "none" && isDense ? [] : Numbers(text, ',');
            if (layers.Length == 0 && !(isDense && text == "none"))
            {
                throw new UsageException($"--layers {text}: expected numbers above 0, separated by commas, such as 32,64{(isDense ? ", or none" : "")}");
            }

            settings = isDense ? settings with { Hidden = layers } : settings with { Channels = layers };
        }

        return settings with
        {
            Training = _tune.Apply(parsed) with
            {
                Provider = parsed.GetValue(_provider),
                Threads = EmbedOptions.Positive(parsed, _threads, 0),
                Seed = parsed.GetValue(_seed),
            },
        };
    }

    private static int[] Numbers(string text, char separator)
    {
        int[] numbers = [.. text.Split(separator).Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0)];
        return numbers.All(number => number > 0) ? numbers : [];
    }

    private static void Refuse(ParseResult parsed, Option option, string why)
    {
        if (parsed.GetResult(option) is { Implicit: false })
        {
            throw new UsageException($"{option.Name}: {why}");
        }
    }

    private static JsonObject AsJson(AutoencoderReport report, string next)
    {
        var about = report.Description;
        return new()
        {
            ["name"] = about.Name,
            ["file"] = report.Path,
            ["description"] = Path.ChangeExtension(report.Path, ".json"),
            ["sha256"] = about.Sha256,
            ["taps"] = ModelsInspect.Taps(about.Taps),
            ["embedding"] = string.Join(",", about.Embedding),
            ["width"] = about.Width,
            ["parameters"] = about.Parameters,
            ["macs"] = about.Macs,
            ["trainImages"] = report.TrainImages,
            ["validationImages"] = report.ValidationImages,
            ["failed"] = report.Failures.Count,
            ["loss"] = report.Loss,
            ["meanLoss"] = report.MeanLoss,
            ["explained"] = report.Explained,
            ["bestEpoch"] = report.BestEpoch + 1,
            ["epochs"] = new JsonArray([.. report.Epochs.Select(epoch => new JsonObject
            {
                ["loss"] = epoch.Loss, ["validation"] = epoch.Validation, ["learningRate"] = epoch.LearningRate, ["seconds"] = epoch.Seconds,
            })]),
            ["seconds"] = report.Seconds,
            ["notes"] = new JsonArray([.. report.Notes.Select(note => JsonValue.Create(note))]),
            ["next"] = next,
        };
    }
}
