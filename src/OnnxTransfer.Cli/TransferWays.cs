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
    Terminal terminal, EmbedOptions embed, ViewOptions views, TransferOptions options, ParseResult parsed, Backbone backbone, EmbeddingCache cache, EmbedRun run, Dataset? source)
{
    private readonly EmbeddingSet _set = run.ToSet();
    private readonly EmbedSettings _embedding = new() { DecodeThreads = parsed.GetValue(embed.DecodeThreads), Jpeg = parsed.GetValue(embed.Jpeg) };
    private readonly List<string> _told = [];
    private readonly double _heldOut = parsed.GetValue(options.Validation);
    private readonly int _least = parsed.GetValue(options.LeastSteps);
    private EmbedRun? _source;

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
        _told.Add($"probe: {kind.Name} on the frozen embeddings at {taps}");
        return new TransferWay(TransferWay.Probe, (task, token) =>
        {
            var trainer = kind.Make(new HeadRequest(kind.Name, kind.Settings, new Dictionary<string, string>()) { Task = HeadChoice.TaskOf(run.Dataset), HeldOut = _heldOut, Seed = task.Seed });
            var fitted = _set.Subset(task.Train) with { Splits = new Split[task.Train.Length] };
            using var progress = new FitProgressLine(terminal);
            var (head, report) = trainer.FitAndReport(fitted, progress.Report, token);
            return new TransferAnswer(head.Predict(_set.Subset(task.Test).Rows), report.Seconds) { Notes = report.Notes };
        })
        { Settings = $"{kind.Name} {_heldOut} {Embedding}" };
    }

    private TransferWay FineTuned()
    {
        var training = options.Tune.Apply(parsed) with { Provider = Steps, Threads = parsed.GetValue(embed.Threads) };
        var tuning = new FineTuning { Unfreeze = parsed.GetValue(options.Unfreeze)!, UnfreezeAfter = parsed.GetValue(options.UnfreezeAfter), Views = views.ToFit(parsed), HeldOut = _heldOut };
        Tell(
            TransferWay.FineTuned,
            (tuning.UnfreezeAfter is { } tensor ? $"all behind {tensor}" : tuning.Unfreeze) + (tuning.Views.Count > 0 ? $", with {tuning.Views.Count} augmented views ({tuning.Views[0].Augmentation.Signature})" : ""),
            training);
        return new TransferWay(
            TransferWay.FineTuned,
            (task, token) => Trained(TransferWay.FineTuned, task, (file, progress) =>
                (tuning with { Training = Of(training, task), Output = file }).Fit(backbone, task.Data, cache, _embedding, progress, token), token))
        {
            Settings = $"{tuning} {training} {_least} {string.Join(' ', tuning.Views)} {Embedding} {source?.Source} {source?.Items.Count}",
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
        scratch = scratch with { Augmentation = parsed.GetValue(views.Augment) is null ? scratch.Augmentation : views.Augmentation(parsed) };
        var own = $"{backbone.PixelHeight}x{backbone.PixelWidth}";
        Tell(TransferWay.Scratch, $"the architecture up to {scratch.Tap} at {(size is var (height, width) ? $"{height}x{width} pixels (the backbone's own are {own})" : $"{own} pixels")}, augmented by {scratch.Augmentation?.Signature}", training);
        return new TransferWay(
            TransferWay.Scratch,
            (task, token) => Trained(TransferWay.Scratch, task, (file, progress) =>
                (scratch with { Training = Of(training, task), Output = file }).Fit(backbone, task.Data, cache, _embedding, progress, token), token))
        {
            Settings = $"{scratch} {training} {_least} {Embedding}",
        };
    }

    // What a training makes is of no further use once its answers are known. Until then it lies apart, so that an interrupted run finds it.
    private TransferAnswer Trained(string way, TransferTask task, Func<string, Action<TrainingProgress>, FineTunedModel> fit, CancellationToken token)
    {
        var folder = Path.Combine(cache.Folder, "transfer", task.Key);
        Directory.CreateDirectory(folder);
        TransferAnswer answer;
        using (var own = EmbeddingCache.Open(folder))
        {
            terminal.Say($"training {way} on {task.Train.Length} labels");
            using var progress = new TuneProgressLine(terminal);
            using var model = fit(Path.Combine(folder, $"{way}.onnx"), progress.Report);
            progress.Dispose();
            var test = Embedder.Run(model.Backbone, task.Data.Of(Split.Test), own, _embedding, token).ToSet();
            var report = model.Report;
            var isTuned = way == TransferWay.FineTuned;
            answer = new TransferAnswer(model.Head.Predict(test.Rows), report.Fit.Seconds - report.SecondsFrozen)
            {
                SourceLoss = isTuned && source is not null && task is { IsWhole: true, Repeat: 0 } ? SourceLoss(source, model.Backbone, own, task.Seed, token) : null,
                Notes = isTuned
                    ? [string.Create(CultureInfo.InvariantCulture, $"the frozen part, {report.Embedded} images of which were computed, took {report.SecondsFrozen:f1} s, apart from the training"), .. report.Fit.Notes]
                    : report.Fit.Notes,
            };
        }

        Directory.Delete(folder, recursive: true);
        return answer;
    }

    private ProbeLoss SourceLoss(Dataset data, Backbone tuned, EmbeddingCache own, long seed, CancellationToken token)
    {
        terminal.Say($"measuring what {data.Source} lost");
        _source ??= embed.Run(parsed, terminal, backbone, data, cache, token);
        var (before, after) = (_source.ToSet(), Embedder.Run(tuned, data with { Items = _source.Items }, own, _embedding, token).ToSet());
        EmbeddingSet Fit(EmbeddingSet set) => set.Of(Split.Train, Split.Validation);
        return ProbeLoss.Measure(Fit(before), before.Of(Split.Test), Fit(after), after.Of(Split.Test), seed, token);
    }

    // TensorRT compiles weights into its engines, which training changes.
    private ExecutionProvider Steps => backbone.Provider == ExecutionProvider.Cpu ? ExecutionProvider.Cpu : ExecutionProvider.Cuda;

    private string Embedding => $"{backbone.Sha256} {string.Join(',', backbone.Taps.Select(tap => tap.Label))} {backbone.L2Normalize} {backbone.Precision} {_embedding.Jpeg}";

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
