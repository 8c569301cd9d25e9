using System.CommandLine;
using System.Runtime.InteropServices;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Export;
using OnnxTransfer.Onnx.Quantization;

namespace OnnxTransfer.Cli;

/// <summary><c>models quantize</c>: makes an int8 backbone of a float32 one, if it stays as good.</summary>
internal sealed class ModelsQuantize
{
    private const string Auto = "auto";
    private const string None = "none";

    private readonly Argument<string> _backbone = new("backbone") { Description = "a float32 backbone: a name from 'models list', or the path of an .onnx with its description beside it" };

    private readonly Option<string> _calibrate = new("--calibrate")
    {
        Description = "images like those to be embedded: a folder (class per sub-folder for the probe; a test folder is held out), a manifest, idx or CIFAR files",
        Required = true,
    };

    private readonly Option<string> _output = new("--output", "-o") { Description = "the int8 network, NAME.onnx; its description goes beside it as NAME.json. Neither may be there", Required = true };

    private readonly Option<int> _images = new("--images") { Description = "images to calibrate on, at most, drawn from those not held out; at least 16", DefaultValueFactory = _ => 256 };

    private readonly Option<string> _method = new("--method")
    {
        Description = "how activations get their ranges: percentile cuts outliers, min-max keeps all values, entropy loses least information (Kullback-Leibler, as TensorRT)",
        DefaultValueFactory = _ => "percentile",
    };

    private readonly Option<double> _percentile = new("--percentile") { Description = "per cent of the values that a range covers, by --method percentile", DefaultValueFactory = _ => 99.99 };

    private readonly Option<string?> _heldOut = new("--held-out") { Description = "images to measure on, none of them calibrated on (default: the test items of --calibrate, or a seeded 30 % of it)" };

    private readonly Option<int> _heldOutImages = new("--held-out-images") { Description = "images to measure on, at most; at least 16", DefaultValueFactory = _ => 2000 };

    private readonly Option<int> _probeImages = new("--probe-images") { Description = "labelled images to fit the linear probes on, at most; 0: no probe, the cosine alone decides", DefaultValueFactory = _ => 4000 };

    private readonly Option<double> _minCosine = new("--min-cosine") { Description = "least mean cosine between int8 and fp32 embeddings of held-out images, the default embedding and each tap by itself", DefaultValueFactory = _ => 0.99 };

    private readonly Option<double> _maxLoss = new("--max-loss") { Description = "most points of accuracy that the linear probe may lose", DefaultValueFactory = _ => 0.5 };

    private readonly Option<string> _keep = new("--keep")
    {
        Description = "layers that stay in fp32, separated by commas: first, last, names of the tensors they give, or none; with auto, where the gate is not passed, also those that lose most, 1, 2, 4 ... of them until it is (first,auto)",
        DefaultValueFactory = _ => QuantizationSettings.First,
    };

    private readonly Option<bool> _reduceRange = new("--reduce-range") { Description = "weights of 7 bits: for processors with AVX2 or AVX-512 but without VNNI, whose sums of two products would saturate" };

    private readonly Option<bool> _force = new("--force") { Description = "write it even where the gate is not passed; the exit code is 0 then, and the failure is told" };

    private readonly Option<string?> _name = new("--name") { Description = "what the int8 backbone is called (default: the name of its file)" };

    private readonly Option<string> _cache = new("--cache") { Description = "folder that keeps the fp32 embeddings", DefaultValueFactory = _ => EmbedOptions.DefaultCache };

    private readonly Option<int> _threads = new("--threads") { Description = "threads of the backbone; 0: one for each core", DefaultValueFactory = _ => 0 };

    private readonly Option<int> _seed = new("--seed") { Description = "decides which images are drawn", DefaultValueFactory = _ => 0 };

    private readonly Option<bool> _json = new("--json") { Description = "print one JSON object" };

    public static Command Create(Terminal terminal)
    {
        var verb = new ModelsQuantize();
        var command = new Command(
            "quantize",
            """
            Make an int8 backbone of a float32 one, for CPUs: calibrate activations on images, convert weights and
            activations to 8 bits, and accept the result only where, on images held out, its embeddings point where fp32's do
            and a linear probe on them is as accurate. Exit code 1, and nothing written, where it does not pass.
            """);
        command.Arguments.Add(verb._backbone);
        foreach (var option in new Option[]
        {
            verb._calibrate, verb._output, verb._images, verb._method, verb._percentile, verb._heldOut, verb._heldOutImages, verb._probeImages, verb._minCosine,
            verb._maxLoss, verb._keep, verb._reduceRange, verb._force, verb._name, verb._cache, verb._threads, verb._seed, verb._json,
        })
        {
            command.Options.Add(option);
        }

        command.SetAction((parsed, cancellation) => Task.Run(() => verb.Run(parsed, terminal, cancellation), CancellationToken.None));
        return command;
    }

    private int Run(ParseResult parsed, Terminal terminal, CancellationToken cancellation)
    {
        var output = parsed.GetValue(_output)!;
        if (!output.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase))
        {
            throw new UsageException($"--output {output}: expected a name that ends in .onnx; the description gets the same with .json");
        }

        DataOptions.NeedFolder(_output, output);
        using var progress = new EmbedProgressLine(terminal);
        var settings = Settings(parsed) with { Progress = terminal.Say, EmbedProgress = progress };
        if (!settings.ReduceRange && LacksVnni())
        {
            terminal.Say("note: this processor has no VNNI, so that sums of two 8-bit products may saturate; where the gate is not passed, try --reduce-range");
        }

        var dataset = DatasetReader.Open(parsed.GetValue(_calibrate)!, null, null);
        using var cache = EmbeddingCache.Open(parsed.GetValue(_cache)!);
        var report = BackboneQuantization.Quantize(parsed.GetValue(_backbone)!, dataset, cache, output, settings, cancellation);
        progress.Dispose();
        if (parsed.GetValue(_json))
        {
            terminal.WriteJson(QuantizationText.AsJson(report, settings));
        }
        else
        {
            QuantizationText.Write(report, settings, terminal.Out);
        }

        foreach (var failure in report.Failures)
        {
            terminal.Say($"not passed: {failure}");
        }

        if (!report.Written)
        {
            terminal.Say($"error: {output}: not written, since the gate was not passed; try --keep first,auto, another --method or more --images, or write it all the same with --force");
        }

        return report.Written ? ExitCode.Done : ExitCode.FailedWork;
    }

    private QuantizationSettings Settings(ParseResult parsed)
    {
        string[] keep = DataOptions.List(parsed.GetValue(_keep))!;
        if (keep.Contains(None) && keep.Any(name => name is not (None or Auto)))
        {
            throw new UsageException($"--keep {parsed.GetValue(_keep)}: expected none, or layers");
        }

        return new()
        {
            Method = parsed.GetValue(_method) switch
            {
                "min-max" => CalibrationMethod.MinMax,
                "percentile" => CalibrationMethod.Percentile,
                "entropy" => CalibrationMethod.Entropy,
                var other => throw new UsageException($"--method {other}: expected min-max, percentile or entropy"),
            },
            Percentile = Within(parsed, _percentile, 50, 100, "above 50, up to 100"),
            Images = EmbedOptions.Positive(parsed, _images, 16),
            HeldOut = parsed.GetValue(_heldOut) is { } heldOut ? DatasetReader.Open(heldOut, null, null) : null,
            HeldOutImages = EmbedOptions.Positive(parsed, _heldOutImages, 16),
            ProbeImages = EmbedOptions.Positive(parsed, _probeImages, 0),
            MinCosine = Within(parsed, _minCosine, -1, 1, "a cosine, up to 1"),
            MaxLoss = Within(parsed, _maxLoss, -100, 100, "a number of points, up to 100"),
            Keep = [.. keep.Where(name => name is not (Auto or None))],
            KeepWorst = keep.Contains(Auto),
            ReduceRange = parsed.GetValue(_reduceRange),
            Force = parsed.GetValue(_force),
            Name = parsed.GetValue(_name),
            Seed = parsed.GetValue(_seed),
            Threads = EmbedOptions.Positive(parsed, _threads, 0),
        };
    }

    // .NET tells of AVX-VNNI alone, not of AVX-512's.
    private static bool LacksVnni() => RuntimeInformation.ProcessArchitecture == Architecture.X64 && File.Exists("/proc/cpuinfo")
        && File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("flags", StringComparison.Ordinal)) is { } flags && !flags.Contains("vnni", StringComparison.Ordinal);

    private static double Within(ParseResult parsed, Option<double> option, double above, double most, string expected) =>
        parsed.GetValue(option) is var value && value > above && value <= most ? value : throw new UsageException($"{option.Name} {value}: expected {expected}");
}
