using System.CommandLine;
using System.Globalization;
using OnnxTransfer.Backbones;
using OnnxTransfer.Cli.Heads;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Heads;
using OnnxTransfer.Heads.FineTuning;
using OnnxTransfer.Training;

namespace OnnxTransfer.Cli;

/// <summary>The three ways that <c>evaluate --transfer</c> compares, as its options ask for them.</summary>
internal sealed class TransferWays(
    Terminal terminal, EmbedOptions embed, TransferOptions options, ParseResult parsed, Backbone backbone, EmbeddingCache cache, EmbedRun run, Dataset? source)
{
    private const double HeldOut = 0.2;

    private readonly EmbeddingSet _set = run.ToSet();
    private readonly EmbedSettings _embedding = new() { DecodeThreads = parsed.GetValue(embed.DecodeThreads), Jpeg = parsed.GetValue(embed.Jpeg) };
    private readonly List<string> _told = [];
    private EmbedRun? _source;

    /// <summary>What each way is, for a report's reader.</summary>
    public IReadOnlyList<string> Told => _told;

    public TransferWay ByName(string name) => name switch
    {
        TransferWay.Probe => Probe(),
        TransferWay.FineTuned => FineTuned(),
        _ => throw new ArgumentException($"no way '{name}'"),
    };

    private TransferWay Probe()
    {
        var kind = HeadKinds.ByName(HeadKinds.DefaultFor(HeadChoice.TaskOf(run.Dataset)));
        var taps = string.Join(", ", backbone.Taps.Select(tap => tap.Label));
        _told.Add($"probe: {kind.Name} on the frozen embeddings at {taps}");
        return new TransferWay(TransferWay.Probe, (task, token) =>
        {
            var trainer = kind.Make(new HeadRequest(kind.Name, kind.Settings, new Dictionary<string, string>()) { Task = HeadChoice.TaskOf(run.Dataset), HeldOut = HeldOut, Seed = task.Seed });
            var fitted = _set.Subset(task.Train) with { Splits = new Split[task.Train.Length] };
            using var progress = new FitProgressLine(terminal);
            var (head, report) = trainer.FitAndReport(fitted, progress.Report, token);
            return new TransferAnswer(head.Predict(_set.Subset(task.Test).Rows), report.Seconds) { Notes = report.Notes };
        })
        { Settings = $"{kind.Name} {Embedding}" };
    }

    private TransferWay FineTuned()
    {
        var training = options.Tune.Apply(parsed) with { Provider = backbone.Provider, Threads = parsed.GetValue(embed.Threads) };
        var tuning = new FineTuning { Unfreeze = parsed.GetValue(options.Unfreeze)!, UnfreezeAfter = parsed.GetValue(options.UnfreezeAfter), HeldOut = HeldOut };
        var least = parsed.GetValue(options.LeastSteps);
        var part = tuning.UnfreezeAfter is { } tensor ? $"all behind {tensor}" : tuning.Unfreeze;
        _told.Add(string.Create(CultureInfo.InvariantCulture, $"fine-tuned: {part}, {training.Epochs} epochs (at least {least} steps) of {training.BatchSize} rows, learning rate {training.LearningRate:g3}, {training.Optimizer.GetType().Name}"));
        return new TransferWay(TransferWay.FineTuned, Run) { Settings = $"{tuning} {training} {least} {Embedding} {source?.Source} {source?.Items.Count}" };

        TransferAnswer Run(TransferTask task, CancellationToken token)
        {
            // Its embeddings are of no further use: they lie apart until the answers are kept, so that an interrupted run finds them.
            var folder = Path.Combine(cache.Folder, "transfer", task.Key);
            Directory.CreateDirectory(folder);
            using var progress = new FitProgressLine(terminal);
            TransferAnswer answer;
            using (var own = EmbeddingCache.Open(folder))
            using (var tuned = (tuning with
            {
                Training = training with { Seed = task.Seed, Epochs = Epochs(training, task, least) },
                Output = Path.Combine(folder, "fine-tuned.onnx"),
            }).Fit(backbone, task.Data, cache, _embedding, step => progress.Report(Progress(TransferWay.FineTuned, task, step)), token))
            {
                progress.Dispose();
                var test = Embedder.Run(tuned.Backbone, task.Data.Of(Split.Test), own, _embedding, token).ToSet();
                var report = tuned.Report;
                answer = new TransferAnswer(tuned.Head.Predict(test.Rows), report.Fit.Seconds - report.SecondsFrozen)
                {
                    SourceLoss = source is not null && task is { IsWhole: true, Repeat: 0 } ? SourceLoss(source, tuned.Backbone, own, task.Seed, token) : null,
                    Notes = [string.Create(CultureInfo.InvariantCulture, $"the frozen part of {report.Embedded} images took {report.SecondsFrozen:f1} s, apart from the training"), .. report.Fit.Notes],
                };
            }

            Directory.Delete(folder, recursive: true);
            return answer;
        }
    }

    private ProbeLoss SourceLoss(Dataset data, Backbone tuned, EmbeddingCache own, long seed, CancellationToken token)
    {
        terminal.Say($"measuring what {data.Source} lost");
        _source ??= embed.Run(parsed, terminal, backbone, data, cache, token);
        var (before, after) = (_source.ToSet(), Embedder.Run(tuned, data with { Items = _source.Items }, own, _embedding, token).ToSet());
        EmbeddingSet Fit(EmbeddingSet set) => set.Of(Split.Train, Split.Validation);
        return ProbeLoss.Measure(Fit(before), before.Of(Split.Test), Fit(after), after.Of(Split.Test), seed, token);
    }

    private string Embedding => $"{backbone.Sha256} {string.Join(',', backbone.Taps.Select(tap => tap.Label))} {backbone.L2Normalize} {backbone.Precision} {_embedding.Jpeg}";

    // Few labels make few steps an epoch; a training is not told to be over before it has begun.
    private static int Epochs(TrainingSettings training, TransferTask task, int least)
    {
        var steps = Math.Max(1, (int)Math.Ceiling((1 - HeldOut) * task.Train.Length / training.BatchSize));
        return Math.Max(training.Epochs, (int)Math.Ceiling((double)least / steps));
    }

    private static FitProgress Progress(string way, TransferTask task, TrainingProgress step) =>
        new($"{way} on {task.Train.Length} labels, epoch {step.Epoch + 1} of {step.Epochs}", step.Rows, step.Loss);
}
