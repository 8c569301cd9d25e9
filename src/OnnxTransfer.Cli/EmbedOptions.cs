using System.CommandLine;
using System.Globalization;
using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Imaging;
using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Cli;

/// <summary>How images are embedded, for every verb that does.</summary>
internal sealed class EmbedOptions
{
    public const string DefaultBackbone = "resnet14-cifar10";
    public const string DefaultCache = "onnxtransfer-cache";

    public Option<string> Backbone { get; } = new("--backbone")
    {
        Description = "a name from 'models list', or the path of an .onnx file with its description beside it",
        DefaultValueFactory = _ => DefaultBackbone,
    };

    public Option<string?> Tap { get; } = new("--tap")
    {
        Description = "taps to embed at, separated by commas, each with another pooling if wanted: layer2,layer3:both (default: what the description says)",
    };

    public Option<string?> Pooling { get; } = new("--pooling")
    {
        Description = "pooling of all taps that are feature maps and do not name their own: average, max, both (average and max side by side), none, or gridN, the averages of an N x N grid (default: what the description says)",
    };

    public Option<bool> L2Normalize { get; } = new("--l2-normalize")
    {
        Description = "divide each image's embedding, all taps together, by its Euclidean length; embeds nothing anew, since the cache keeps the taps as they are",
    };

    public Option<string> Cache { get; } = new("--cache") { Description = "folder that keeps embeddings", DefaultValueFactory = _ => DefaultCache };

    public Option<ExecutionProvider> Provider { get; } = new("--provider")
    {
        Description = "auto takes CUDA where it works and says so; cuda, tensorrt or cpu is used or the run fails",
        DefaultValueFactory = _ => ExecutionProvider.Auto,
    };

    public DeviceOptions Devices { get; } = new();

    public Option<Precision> Precision { get; } = new("--precision")
    {
        Description = "arithmetic of the backbone: fp32, or fp16, which is for GPUs and counts as another backbone in the cache",
        DefaultValueFactory = _ => Backbones.Precision.Fp32,
    };

    public Option<int> Batch { get; } = new("--batch") { Description = "images per batch; 0: 8 on a CPU, or what a run of 1,000 images or more measures to be faster, 64 on a GPU, or the one number the backbone takes", DefaultValueFactory = _ => 0 };

    public Option<int> Threads { get; } = new("--threads") { Description = "threads that run the backbone, a batch each; 0: one for each core", DefaultValueFactory = _ => 0 };

    public Option<int> DecodeThreads { get; } = new("--decode-threads") { Description = "threads that may read, decode and resize at once; 0: one for each core", DefaultValueFactory = _ => 0 };

    public Option<JpegDecoding> Jpeg { get; } = new("--jpeg")
    {
        Description = "how JPEG is decoded: exact, as Pillow does; scaled, faster on large photos, while they stay twice as large as needed; gpu, by nvJPEG. Each counts as another decoder in the cache",
        DefaultValueFactory = _ => JpegDecoding.Exact,
    };

    public Option<string> MaxFailures { get; } = new("--max-failures")
    {
        Description = "how many images may fail, as a count or a percentage, before the run fails (exit code 3)",
        DefaultValueFactory = _ => "10%",
    };

    public Option<string?> Failures { get; } = new("--failures") { Description = "where failed images are listed (default: failures.csv in the cache)" };

    public void AddTo(Command command)
    {
        foreach (var option in All)
        {
            command.Options.Add(option);
        }

        Devices.AddTo(command);
    }

    /// <summary>Refuses what was given of these options, but for a few; <paramref name="why"/> says what the rest is for.</summary>
    public void RefuseAllBut(ParseResult parsed, Option[] few, string why)
    {
        if (All.Concat(Devices.All).Except(few).FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false }) is { } unread)
        {
            throw new UsageException($"{unread.Name}: {why}; leave it out");
        }
    }

    /// <summary>The backbone asked for.</summary>
    public Backbone Load(ParseResult parsed)
    {
        var taps = DataOptions.List(parsed.GetValue(Tap));
        var backbone = Backbones.Backbone.Load(parsed.GetValue(Backbone)!, parsed.GetValue(Provider), Settings(parsed) with { Taps = taps });
        if (PoolingOf(parsed) is { } pooling && !backbone.Taps.Where((tap, i) => tap.Shape.Count > 1 && taps?[i].Contains(':') != true).Any())
        {
            backbone.Dispose();
            throw new UsageException($"--pooling {pooling}: {string.Join(", ", backbone.Taps.Select(tap => tap.Label))} leave nothing to it, being vectors or naming their own pooling; leave the option out, or name other taps");
        }

        return backbone;
    }

    /// <summary>Another backbone, under the same options but for the taps, which are its own.</summary>
    public Backbone LoadOther(ParseResult parsed, string name) => Backbones.Backbone.Load(name, parsed.GetValue(Provider), Settings(parsed));

    /// <summary>Embeds with progress, says what was done, lists failures: those of another run of the same command, <paramref name="part"/>, in a file of its own.</summary>
    public EmbedRun Run(ParseResult parsed, Terminal terminal, Backbone backbone, Dataset dataset, EmbeddingCache cache, CancellationToken cancellation, string? part = null)
    {
        var description = backbone.Description;
        terminal.Say($"backbone {description.Name} at {string.Join(", ", backbone.Taps.Select(tap => tap.Label))}, {backbone.Width} values an image{(backbone.L2Normalize ? " of length 1" : "")}, on {backbone.Provider.ToString().ToLowerInvariant()} in {backbone.Precision}{(backbone.ProviderNote is { } note ? $" ({note})" : "")}");
        foreach (var remark in dataset.Notes)
        {
            terminal.Say($"note: {remark}");
        }

        foreach (var remark in backbone.Notes)
        {
            terminal.Say($"note: {remark}");
        }

        return Run(parsed, terminal, backbone, dataset, cache, null, FailureFile(parsed, cache, part), cancellation);
    }

    /// <summary>The same for an augmented view of what was embedded before; its failures are listed beside those of the images as they are.</summary>
    public EmbedRun RunView(ParseResult parsed, Terminal terminal, Backbone backbone, Dataset dataset, EmbeddingCache cache, AugmentedView view, CancellationToken cancellation, string? part = null)
    {
        terminal.Say($"{view}");
        var failures = Path.ChangeExtension(FailureFile(parsed, cache, part), $".view{view.Number}.csv");
        return Run(parsed, terminal, backbone, dataset, cache, view, failures, cancellation);
    }

    private EmbedRun Run(ParseResult parsed, Terminal terminal, Backbone backbone, Dataset dataset, EmbeddingCache cache, AugmentedView? view, string failureFile, CancellationToken cancellation)
    {
        using var progress = new EmbedProgressLine(terminal);
        var settings = SettingsFor(parsed, dataset, progress) with { View = view };
        var run = Listing(terminal, failureFile, progress, () => Embedder.Run(backbone, dataset, cache, settings, cancellation));
        progress.Dispose();
        Tell(terminal, run.Report);
        List(terminal, run.Report.Failures, failureFile);
        return run;
    }

    /// <summary>Work that reads images; where too many fail, they are listed before it ends.</summary>
    public T Listing<T>(ParseResult parsed, Terminal terminal, EmbeddingCache cache, IDisposable progress, Func<T> work) =>
        Listing(terminal, FailureFile(parsed, cache, null), progress, work);

    /// <summary>How <paramref name="dataset"/> is to be embedded.</summary>
    public EmbedSettings SettingsFor(ParseResult parsed, Dataset dataset, IProgress<EmbedProgress> progress) => new()
    {
        DecodeThreads = Positive(parsed, DecodeThreads, 0),
        Jpeg = parsed.GetValue(Jpeg),
        MaxFailures = Allowed(parsed.GetValue(MaxFailures)!, dataset.ImageCount),
        Progress = progress,
    };

    private Option[] All => [Backbone, Tap, Pooling, L2Normalize, Cache, Provider, Precision, Batch, Threads, DecodeThreads, Jpeg, MaxFailures, Failures];

    private BackboneSettings Settings(ParseResult parsed)
    {
        if (parsed.GetValue(Jpeg) == JpegDecoding.Gpu && (parsed.GetValue(Devices.Device) != "0" || parsed.GetValue(Devices.CudaGraph)))
        {
            throw new UsageException("--jpeg gpu: decodes on GPU 0, and not while CUDA records a graph; leave out --device and --cuda-graph, or choose another GPU as the first with CUDA_VISIBLE_DEVICES");
        }

        var provider = parsed.GetValue(Provider);
        if (parsed.GetValue(Threads) > 0 && provider is ExecutionProvider.Cuda or ExecutionProvider.TensorRT)
        {
            throw new UsageException("--threads: says nothing to a GPU, which runs two batches at once; leave it out (--decode-threads is the processor's part)");
        }

        return Devices.Apply(Network(parsed), parsed, provider, parsed.GetValue(Cache)!);
    }

    private BackboneSettings Network(ParseResult parsed) => new()
    {
        Pooling = PoolingOf(parsed),
        L2Normalize = parsed.GetValue(L2Normalize),
        Precision = parsed.GetValue(Precision),
        BatchSize = Positive(parsed, Batch, 0),
        Threads = Positive(parsed, Threads, 0),
    };

    private TapPooling? PoolingOf(ParseResult parsed) => parsed.GetValue(Pooling) is not { } text ? null
        : TapPooling.TryParse(text, out var pooling) ? pooling
        : throw new UsageException($"--pooling {text}: expected average, max, both, none or gridN with N from 1 to 64, such as grid4");

    private static void Tell(Terminal terminal, EmbedReport report)
    {
        terminal.Say(report.Embedded == 0
            ? $"embedded nothing: all {report.FromCache} embeddings came from the cache ({report.Seconds:0.0} s)"
            : $"embedded {report.Embedded}, from the cache {report.FromCache - report.Duplicates}{(report.Duplicates > 0 ? $", the same as another image {report.Duplicates}" : "")}, failed {report.Failures.Count}: {report.ImagesPerSecond:0} images/s ({report.Seconds:0.0} s)");
        if (report.Embedded > 0)
        {
            if (report.Taps.Count > 1)
            {
                terminal.Say("embedded by tap: " + string.Join(", ", report.Taps.Select(tap => $"{tap.Tap} {tap.Embedded}, from the cache {Math.Max(0, tap.FromCache - report.Duplicates)}")));
            }

            terminal.Say($"threads: {report.Division}");
            if (report.Division.Note is { } note)
            {
                terminal.Say($"note: {note}");
            }

            terminal.Say("stages: " + string.Join(", ", report.Stages.Select(stage => $"{stage.Name} {stage.BusySeconds:0.00} s ({100 * stage.Utilisation:0} % busy, {stage.ImagesPerSecond:0} images/s)"))
                + (report.CoreUse is { } share ? $"; the cores computed {100 * share:0} % of the time" : ""));
            terminal.Say($"bottleneck: {report.Bottleneck}");
        }

        terminal.Say("decoded by: " + string.Join(", ", report.Decoders.Select(decoder => $"{decoder.Key} ({decoder.Value})")));
        foreach (var leak in report.Leaks.Take(5))
        {
            terminal.Say($"warning: the same image stands in {string.Join(" and ", leak.Splits.Select(split => split.ToString().ToLowerInvariant()))}: {string.Join(", ", leak.Names)}");
        }

        if (report.Leaks.Count > 0)
        {
            terminal.Say($"warning: {report.Leaks.Count} contents stand in more than one split: scores on them are too good");
        }
    }

    private string FailureFile(ParseResult parsed, EmbeddingCache cache, string? part)
    {
        var file = parsed.GetValue(Failures) ?? Path.Combine(cache.Folder, "failures.csv");
        return part is null ? file : Path.ChangeExtension(file, $".{part}.csv");
    }

    private static T Listing<T>(Terminal terminal, string failureFile, IDisposable progress, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (TooManyFailuresException error)
        {
            progress.Dispose();
            List(terminal, error.Failures, failureFile);
            throw;
        }
    }

    private static void List(Terminal terminal, IReadOnlyList<EmbedFailure> failures, string file)
    {
        if (failures.Count == 0 && !File.Exists(file))
        {
            return;
        }

        EmbeddingFiles.WriteFailures(failures, file); // an older run's failures are not this one's
        if (failures.Count == 0)
        {
            return;
        }

        foreach (var failure in failures.Take(5))
        {
            terminal.Say($"failed: {failure.Reason}");
        }

        terminal.Say($"{failures.Count} failed images with reasons: {file}");
    }

    internal static int? Allowed(string text, int images)
    {
        var percentage = text.EndsWith('%');
        if (!double.TryParse(text.TrimEnd('%'), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) || (percentage && value > 100))
        {
            throw new UsageException($"--max-failures {text}: expected a count such as 20 or a percentage such as 5%");
        }

        return percentage ? (int)Math.Ceiling(images * value / 100) : (int)Math.Min(value, int.MaxValue);
    }

    internal static int Positive(ParseResult parsed, Option<int> option, int least)
    {
        var value = parsed.GetValue(option);
        return value >= least ? value : throw new UsageException($"{option.Name} {value}: expected {least} or more");
    }
}
