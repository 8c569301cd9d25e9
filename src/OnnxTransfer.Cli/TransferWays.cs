using System.CommandLine;
using System.Globalization;
using OnnxTransfer.Backbones;
using OnnxTransfer.Cli.Heads;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Heads;
using OnnxTransfer.Heads.Tuning;
using OnnxTransfer.Inference;
using OnnxTransfer.Training;

namespace OnnxTransfer.Cli;

/// <summary>The three ways that <c>evaluate --transfer</c> compares, as its options ask for them.</summary>
internal sealed class TransferWays(
    Terminal terminal, EmbedOptions embed, ViewOptions views, TransferOptions options, ParseResult parsed, Backbone backbone, EmbeddingCache cache, EmbedRun run, TransferSource? source,
    CancellationToken cancellation)
{
    private readonly EmbedSettings _embedding = new() { DecodeThreads = parsed.GetValue(embed.DecodeThreads), Jpeg = parsed.GetValue(embed.Jpeg) };
    private readonly List<string> _told = [];
    private readonly double _heldOut = parsed.GetValue(options.Validation);
    private readonly int _least = parsed.GetValue(options.LeastSteps);
    private readonly IReadOnlyList<AugmentedView> _views = views.ToFit(parsed);

    /// <summary>What each way is, for a report's reader.</summary>
    public IReadOnlyList<string> Told => _told;

    /// <summary>One of the three.</summary>
    public TransferWay ByName(string name) => name switch
    {
        TransferWay.Probe => Probe(),
        TransferWay.FineTuned => FineTuned(),
        _ => Scratch(),
    };

    private TransferWay Probe()
    {
        var kind = HeadKinds.ByName(HeadKinds.DefaultFor(HeadChoice.TaskOf(run.Dataset)));
        var taps = string.Join(", ", backbone.Taps.Select(tap => tap.Label));
        var viewed = ViewedRun.Run(
            run, _views, [Split.Train, Split.Validation], (items, view) => embed.RunView(parsed, terminal, backbone, items, cache, view, cancellation));
        var (set, items) = (viewed.ToSet(), viewed.RowItems);
        _told.Add($"probe: {kind.Name} on the frozen embeddings at {taps}{Viewed}");
        return new TransferWay(TransferWay.Probe, (task, token) =>
        {
            var trainer = kind.Make(new HeadRequest(kind.Name, kind.Settings, new Dictionary<string, string>()) { Task = HeadChoice.TaskOf(run.Dataset), HeldOut = _heldOut, Seed = task.Seed });
            var isTrain = task.Train.ToHashSet();
            int[] rows = [.. Enumerable.Range(0, items.Count).Where(row => isTrain.Contains(items[row]))];
            var fitted = set.Subset(rows) with { Splits = new Split[rows.Length] };
            using var progress = new FitProgressLine(terminal);
            var (head, report) = trainer.FitAndReport(fitted, progress.Report, token);
            return new TransferAnswer(head.Predict(set.Subset(task.Test).Rows), report.Seconds) { Notes = report.Notes };
        })
        { Settings = $"{kind.Name} {_heldOut} {string.Join(' ', _views)} {Embedding}" };
    }

    private TransferWay FineTuned()
    {
        var tuning = options.Tuning(parsed) with { Views = _views };
        var training = tuning.Training with { Provider = Steps, Threads = parsed.GetValue(embed.Threads) };
        Tell(TransferWay.FineTuned, $"{(tuning.UnfreezeAfter is { } tensor ? $"all behind {tensor}" : tuning.Unfreeze)}{Viewed}", training);
        return new TransferWay(
            TransferWay.FineTuned,
            (task, token) => Trained(TransferWay.FineTuned, task, (file, progress) =>
                (tuning with { Training = Of(training, task), Output = file }).Fit(backbone, task.Data, cache, _embedding, progress, token), token))
        {
            Settings = $"{tuning with { Views = [], Training = training }} {_least} {string.Join(' ', _views)} {Embedding}",
            SourceSettings = source?.Content ?? "",
        };
    }

    private TransferWay Scratch()
    {
        var usual = FromScratch.UsualTraining;
        var training = usual with
        {
            Epochs = parsed.GetValue(options.ScratchEpochs) ?? usual.Epochs,
            LearningRate = parsed.GetValue(options.ScratchLearningRate) ?? usual.LearningRate,
            Provider = Steps,
            Threads = parsed.GetValue(embed.Threads),
        };
        var size = options.Scratch.SizeOf(parsed);
        var scratch = new FromScratch { Tap = backbone.Taps[^1].Name, Height = size?.Height, Width = size?.Width, Normalise = options.Scratch.NormaliseOf(parsed), HeldOut = _heldOut };
        if (parsed.GetValue(views.Augment) is not null)
        {
            scratch = scratch with { Augmentation = views.Augmentation(parsed) is { Signature: not "none" } asked ? asked : null };
        }

        var own = $"{backbone.PixelHeight}x{backbone.PixelWidth}";
        Tell(TransferWay.Scratch, $"the architecture up to {scratch.Tap} at {(size is var (height, width) ? $"{height}x{width} pixels (the backbone's own are {own})" : $"{own} pixels")}, {(scratch.Augmentation is { } changes ? $"augmented by {changes.Signature}" : "not augmented")}", training);
        return new TransferWay(
            TransferWay.Scratch,
            (task, token) => Trained(TransferWay.Scratch, task, (file, progress) =>
                (scratch with { Training = Of(training, task), Output = file }).Fit(backbone, task.Data, cache, _embedding, progress, token), token))
        {
            Settings = $"{scratch with { Training = training }} {_least} {Embedding}",
        };
    }

    // What a training makes is of no further use once its answers are kept. Until then it lies apart, so that an interrupted run finds it.
    private TransferAnswer Trained(string way, TransferTask task, Func<string, Action<TrainingProgress>, FineTunedModel> fit, CancellationToken token)
    {
        var folder = Path.Combine(cache.Folder, "transfer", task.Key);
        Directory.CreateDirectory(folder);
        foreach (var unfinished in Directory.EnumerateFiles(folder, $"{way}.*"))
        {
            File.Delete(unfinished);
        }

        using var own = EmbeddingCache.Open(folder);
        terminal.Say($"training {way} on {task.Train.Length} labels");
        using var progress = new TuneProgressLine(terminal);
        using var model = fit(Path.Combine(folder, $"{way}.onnx"), progress.Report);
        progress.Dispose();
        var test = Embedder.Run(model.Backbone, task.Data.Of(Split.Test), own, _embedding, token).ToSet();
        var report = model.Report;
        var isTuned = way == TransferWay.FineTuned;
        var apart = isTuned ? $"the frozen part, {report.Embedded} images of which were computed, took" : "decoding the images beforehand took";
        return new TransferAnswer(model.Head.Predict(test.Rows), report.Fit.Seconds - report.SecondsFrozen)
        {
            SourceLoss = isTuned && source is not null && task.MeasuresSource ? SourceLoss(source, model.Backbone, own, task.Seed, token) : null,
            Notes = [string.Create(CultureInfo.InvariantCulture, $"{apart} {report.SecondsFrozen:f1} s, apart from the training"), .. report.Fit.Notes],
            Kept = () => Clear(folder, report.Checkpoint),
        };
    }

    private ProbeLoss SourceLoss(TransferSource lost, Backbone tuned, EmbeddingCache own, long seed, CancellationToken token)
    {
        terminal.Say($"measuring what {options.Source.Name} lost");
        return lost.Lost(tuned, own, _embedding, seed, token);
    }

    // What cannot be deleted does no harm but for its room.
    private void Clear(string folder, string? checkpoint)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
            if (checkpoint is not null)
            {
                File.Delete(checkpoint);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            terminal.Say($"note: what a training left behind cannot be deleted ({error.Message}); it is of no further use");
        }
    }

    // TensorRT compiles weights into its engines, which training changes.
    private ExecutionProvider Steps => backbone.Provider == ExecutionProvider.Cpu ? ExecutionProvider.Cpu : ExecutionProvider.Cuda;

    // What decides an embedding, and the versions of what computes it: all that does not come from this run's options.
    private string Embedding =>
        $"{TransferPage.Version.Split('+')[0]} {OnnxRuntimeVersion.Current} {backbone.Sha256} {string.Join(',', backbone.Taps.Select(tap => tap.Identity))} {backbone.Preprocessing.Signature} {backbone.L2Normalize} {_embedding.Jpeg}";

    private string Viewed => _views.Count > 0 ? $", with {_views.Count} augmented views ({_views[0].Augmentation.Signature})" : "";

    private void Tell(string way, string what, TrainingSettings training) => _told.Add(string.Create(
        CultureInfo.InvariantCulture,
        $"{way}: {what}, {training.Epochs} epochs{(_least > 0 ? $" (more where they are fewer than {_least} steps)" : "")} of {training.BatchSize} rows, learning rate {training.LearningRate:g3}, {training.Optimizer.GetType().Name}"));

    // Few labels make few steps an epoch: a training is not to be over before it has begun.
    private TrainingSettings Of(TrainingSettings training, TransferTask task)
    {
        var steps = Math.Max(1, (int)Math.Ceiling((1 - _heldOut) * task.Train.Length / training.BatchSize));
        return training with { Seed = task.Seed, Device = backbone.Device, Epochs = Math.Max(training.Epochs, (int)Math.Ceiling((double)_least / steps)) };
    }
}
