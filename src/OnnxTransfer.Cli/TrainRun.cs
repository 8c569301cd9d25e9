using System.CommandLine;
using System.Globalization;
using OnnxTransfer.Backbones;
using OnnxTransfer.Cli.Heads;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Export;
using OnnxTransfer.Heads;
using OnnxTransfer.Heads.Tuning;

namespace OnnxTransfer.Cli;

/// <summary>One run of <c>train</c>: split, embed, fit, measure, export, report.</summary>
internal sealed class TrainRun(Terminal terminal, TrainOptions options, ParseResult parsed, CancellationToken cancellation)
{
    private readonly int _seed = parsed.GetValue(options.Seed);
    private readonly int? _folds = parsed.GetValue(options.Folds);
    private readonly bool _isAuto = parsed.GetValue(options.Head.Head) == HeadKinds.Auto;

    public int Run()
    {
        var output = parsed.GetValue(options.Output);
        var dataset = Split(options.Data.Open(parsed));
        Check(dataset, output);
        var source = OpenSource(dataset);
        var compare = parsed.GetValue(options.Compare);
        using var cache = EmbeddingCache.Open(parsed.GetValue(options.Embed.Cache)!);
        using var backbone = options.Embed.Load(parsed);
        if (output is not null)
        {
            FusedModel.Check(backbone, parsed.GetValue(options.Data.AverageBy) is not null);
        }

        // Before the frozen probe: its one pass over the images gives the probe's embeddings too.
        using var tuned = options.Scratch.IsAsked(parsed) ? Scratch(backbone, dataset, cache) : options.Unfreeze.IsAsked(parsed) ? Tune(backbone, dataset, cache) : null;
        var trained = tuned is { Report.Part: FromScratch.Part } ? Measure(tuned, dataset, cache) : Train(backbone, dataset, source, cache);
        TrainedHead? other = null;
        if (options.Unfreeze.IsAsked(parsed))
        {
            (trained, other) = (Measure(tuned!, trained, dataset, cache), trained);
        }

        if (compare == TrainOptions.NumbersAlone)
        {
            var (run, columns) = (trained.Embedding, dataset.NumberNames.Count);
            var numbers = run.ToSet().OfColumns(backbone.Width, columns);
            other = Fit(compare, run, numbers, numbers, [], null, trained.Source?.OfColumns(backbone.Width, columns));
        }
        else if (compare is not null)
        {
            using var compared = options.Embed.LoadOther(parsed, compare);
            other = Train(compared, dataset, source, cache);
        }

        var notWritten = output is null ? null : Export(output, tuned?.Backbone ?? backbone, trained);
        if (notWritten is null && tuned?.Report.Checkpoint is { } state)
        {
            File.Delete(state); // until here, the same command would have gone on from it
        }

        var report = new TrainReport(terminal, trained, other, notWritten is null ? output : null);
        if (parsed.GetValue(options.Json))
        {
            report.WriteJson();
        }
        else
        {
            report.Write();
        }

        if (notWritten is null && tuned is { Report: { Diverged: not null } diverged })
        {
            terminal.Say($"error: the training diverged, as a note above says; what was made of it has the weights of epoch {diverged.Best + 1}");
            return ExitCode.FailedWork;
        }

        return notWritten is null ? ExitCode.Done : throw notWritten;
    }

    private Dataset? OpenSource(Dataset dataset)
    {
        if (parsed.GetValue(options.Source) is not { } path)
        {
            return parsed.GetResult(options.SourceWeight) is { Implicit: false } ? throw new UsageException("--source-weight weighs the rows of --source; say --source too") : null;
        }

        if (!(parsed.GetValue(options.SourceWeight) is > 0 and < double.PositiveInfinity))
        {
            throw new UsageException($"--source-weight {parsed.GetValue(options.SourceWeight)}: expected a number above 0");
        }

        var source = options.Data.Open(parsed, path);
        if (!source.IsRegression && source.Classes.Count == 0)
        {
            throw new UsageException($"--source {path}: nothing is labelled; expected the same kind of data as {parsed.GetValue(options.Data.Data)}");
        }

        source = source.HasOwnSplits ? source with { Items = [.. source.Items.Where(item => item.Split != Datasets.Split.Test)] } : source;
        return HeadChoice.TaskOf(source) == HeadChoice.TaskOf(dataset)
            ? source
            : throw new UsageException($"--source {path} has {HeadChoice.Told(HeadChoice.TaskOf(source))}, {parsed.GetValue(options.Data.Data)} has {HeadChoice.Told(HeadChoice.TaskOf(dataset))}; expected the same in both");
    }

    // The scores of a long run are told even when its file cannot be written.
    private OnnxTransferException? Export(string output, Backbone backbone, TrainedHead trained)
    {
        try
        {
            FusedModel.Save(output, backbone, trained.Head, Card(backbone, trained));
            return null;
        }
        catch (OnnxTransferException error)
        {
            return error;
        }
    }

    private Dataset Split(Dataset dataset) => dataset.HasOwnSplits || _folds is not null
        ? dataset
        : dataset.Draw(Datasets.Split.Test, Share(options.Test), _seed);

    // Before hours of embedding: everything about the request that can be told from here.
    private void Check(Dataset dataset, string? output)
    {
        var data = parsed.GetValue(options.Data.Data);
        if (!dataset.IsRegression && dataset.Classes.Count < 2)
        {
            throw new DatasetException(dataset.Classes.Count == 0
                ? $"{data}: nothing is labelled; expected a sub-folder for each class, or a manifest with a column named label or target (or name yours with --label or --target)"
                : $"{data}: only one class, '{dataset.Classes[0]}'; a classifier needs two or more: add images of something else");
        }

        options.Head.Check(parsed, dataset, data!, output);
        options.Unfreeze.Check(parsed, options, dataset);
        options.Scratch.Check(parsed, options, dataset);
        if (!options.Unfreeze.IsAsked(parsed) && !options.Scratch.IsAsked(parsed))
        {
            options.Tune.RefuseAll(parsed, $"{options.Unfreeze.Unfreeze.Name} or {options.Scratch.FromScratch.Name}");
        }

        options.Views.Check(parsed, options.Scratch.IsAsked(parsed));
        if (parsed.GetValue(options.Views.TestViews) > 0 && dataset.Items.All(item => item.Split != Datasets.Split.Test))
        {
            throw new UsageException("--test-views: answers for test items are averaged, and there are none; leave out --folds, or give data with a test split, or leave this out");
        }

        if (parsed.GetValue(options.Compare) == TrainOptions.NumbersAlone && dataset.NumberNames.Count == 0)
        {
            throw new UsageException($"--compare {TrainOptions.NumbersAlone} fits on the columns of --numbers alone; say --numbers too");
        }

        if (_folds < 2 || _folds > dataset.Items.Count)
        {
            throw new UsageException($"--folds {_folds}: expected 2 up to the {dataset.Items.Count} items there are");
        }

        if (parsed.GetValue(options.Repeats) < 1)
        {
            throw new UsageException($"--repeats {parsed.GetValue(options.Repeats)}: expected 1 or more");
        }

        if (_folds is null && !_isAuto && parsed.GetResult(options.Repeats) is { Implicit: false })
        {
            throw new UsageException("--repeats repeats a cross-validation; say --folds too, or --head auto");
        }

        if (output is not null && Directory.Exists(output))
        {
            throw new UsageException($"--output {output}: a folder; expected the name of a file, such as {Path.Combine(output, "model.onnx")}");
        }

        if (output is not null)
        {
            DataOptions.NeedFolder(options.Output, output);
        }

        if (HeldOut() > 0.5)
        {
            throw new UsageException($"--validation {parsed.GetValue(options.Validation)}: expected at most half, 0.5, so that more is left to fit on");
        }
    }

    private TrainedHead Train(Backbone backbone, Dataset dataset, Dataset? source, EmbeddingCache cache)
    {
        var run = options.Embed.Run(parsed, terminal, backbone, dataset, cache, cancellation);
        var sourceSet = source is null ? null : SourceRows(options.Embed.Run(parsed, terminal, backbone, source, cache, cancellation, "source"), run);
        var fitted = ViewedRun.Run(run, options.Views.ToFit(parsed), [Datasets.Split.Train], View);
        var measured = ViewedRun.Run(run, options.Views.ToAverage(parsed), [Datasets.Split.Test], View);
        return Fit(backbone.Description.Name, run, run.ToSet(), fitted.ToSet(), fitted.Views, measured, sourceSet);

        EmbedRun View(Dataset items, AugmentedView view) => options.Embed.RunView(parsed, terminal, backbone, items, cache, view, cancellation);
    }

    private FineTunedModel Scratch(Backbone backbone, Dataset dataset, EmbeddingCache cache)
    {
        var settings = options.Scratch.Of(parsed, options, backbone, HeldOut(), _seed);
        terminal.Say($"training the architecture of {backbone.Description.Name} from fresh weights, {settings.Training.Epochs} epochs at a learning rate of up to {settings.Training.LearningRate.ToString(CultureInfo.InvariantCulture)}, images {(settings.Augmentation is { } changes ? $"augmented by {changes}" : "as they are")}");
        using var images = new EmbedProgressLine(terminal);
        using var steps = new TuneProgressLine(terminal);
        var trained = options.Embed.Listing(
            parsed, terminal, cache, images, () => settings.Fit(backbone, dataset, cache, options.Embed.SettingsFor(parsed, dataset, images), steps.Report, cancellation));
        steps.Dispose();
        foreach (var note in trained.Report.Fit.Notes)
        {
            terminal.Say($"note: {note}");
        }

        return trained;
    }

    // On embeddings of the new backbone's file: what the file gives is what is measured.
    private TrainedHead Measure(FineTunedModel made, Dataset dataset, EmbeddingCache cache)
    {
        var run = options.Embed.Run(parsed, terminal, made.Backbone, dataset, cache, cancellation);
        var test = run.ToSet().Of(Datasets.Split.Test);
        var scores = test.Count == 0 ? null : made.Head.Evaluate(test, _seed);
        return new(made.Backbone.Description.Name, run, [], [], made.Head.Width, null, "from scratch", made.Head, made.Report.Fit, scores, null, null, null) { Tuning = made.Report };
    }

    private FineTunedModel Tune(Backbone backbone, Dataset dataset, EmbeddingCache cache)
    {
        var settings = options.Unfreeze.Of(parsed, options, backbone, Share(options.Validation), _seed);
        terminal.Say($"fine-tuning {backbone.Description.Name} {(settings.UnfreezeAfter is { } tensor ? $"behind {tensor}" : $"from {settings.Unfreeze} on")}, at most {settings.Training.Epochs} epochs at a learning rate of up to {settings.Training.LearningRate.ToString(CultureInfo.InvariantCulture)}");
        using var images = new EmbedProgressLine(terminal);
        using var steps = new TuneProgressLine(terminal);
        var tuned = options.Embed.Listing(parsed, terminal, cache, images, () => settings.Fit(
            backbone, dataset, cache, options.Embed.SettingsFor(parsed, dataset, images),
            progress =>
            {
                images.Dispose();
                steps.Report(progress);
            },
            cancellation));
        images.Dispose();
        steps.Dispose();
        foreach (var note in tuned.Report.Fit.Notes)
        {
            terminal.Say($"note: {note}");
        }

        return tuned;
    }

    // Scored as the frozen probe was, on embeddings of the new backbone's file.
    private TrainedHead Measure(FineTunedModel tuned, TrainedHead probe, Dataset dataset, EmbeddingCache cache)
    {
        var test = dataset.Of(Datasets.Split.Test);
        Scores? scores = null;
        if (test.Items.Count > 0)
        {
            var run = options.Embed.Run(parsed, terminal, tuned.Backbone, test, cache, cancellation, "tuned");
            var measured = ViewedRun.Run(
                run, options.Views.ToAverage(parsed), [Datasets.Split.Test], (items, view) => options.Embed.RunView(parsed, terminal, tuned.Backbone, items, cache, view, cancellation, "tuned"));
            var (rows, views) = measured.Views.Count > 0 ? measured.Aligned() : (run.ToSet(), []);
            scores = tuned.Head.Evaluate(rows, views, _seed);
        }

        return probe with { Backbone = tuned.Backbone.Description.Name, Kind = "fine-tuned", Head = tuned.Head, Fit = tuned.Report.Fit, Test = scores, Tuning = tuned.Report };
    }

    // What is measured on must not be fitted on: items of the source that the data has too are left out.
    private EmbeddingSet SourceRows(EmbedRun source, EmbedRun data)
    {
        bool[] shared = source.SharedWith(data);
        int[] own = [.. Enumerable.Range(0, shared.Length).Where(i => !shared[i])];
        if (own.Length < shared.Length)
        {
            terminal.Say($"warning: {shared.Length - own.Length} of {shared.Length} items of --source have the content of items of the data; they are left out, since they would be measured on");
        }

        return own.Length > 0
            ? source.ToSet().Subset(own)
            : throw new UsageException($"--source {parsed.GetValue(options.Source)}: all of its items are items of the data too; expected other images");
    }

    // On the rows of the images as they are and, where there are any, of their views; measured on the former, or on means over views.
    private TrainedHead Fit(
        string name, EmbedRun run, EmbeddingSet plain, EmbeddingSet set, IReadOnlyList<EmbedRun> views, ViewedRun? measured, EmbeddingSet? sourceSet)
    {
        var dataset = run.Dataset;
        var fitSet = set.Of(Datasets.Split.Train, Datasets.Split.Validation);
        var shift = sourceSet is null ? null : DomainShift.Measure(sourceSet, plain.Of(Datasets.Split.Train, Datasets.Split.Validation), _seed, cancellation);
        if (shift is not null)
        {
            terminal.Say($"shift between the source and the data: {shift}");
        }

        var (trainer, selection) = Choose(dataset, fitSet, sourceSet);
        CrossValidationScores? folds = selection?.Best.Scores;
        if (_folds is { } count && !_isAuto)
        {
            terminal.Say($"cross-validating {count} folds x {parsed.GetValue(options.Repeats)} on {fitSet.Count} items");
            folds = CrossValidation.Run(trainer, fitSet, count, parsed.GetValue(options.Repeats), _seed, fold => terminal.Say($"fold {fold.Fold + 1} of repeat {fold.Repeat + 1}: {fold.Scores.MainName} {fold.Scores.Main:0.0000}"), cancellation);
        }

        terminal.Say($"fitting {trainer.Kind} on {fitSet.Count} {(views.Count > 0 ? $"rows, {views.Count} views of every training item among them," : "items")} of {set.Width} values");
        using var progress = new FitProgressLine(terminal);
        var fit = trainer.FitAndReport(fitSet, progress.Report, cancellation);
        progress.Dispose();
        foreach (var note in fit.Report.Notes)
        {
            terminal.Say($"note: {note}");
        }

        IReadOnlyList<EmbedRun> averaged = measured?.Views ?? [];
        var (testSet, testViews) = averaged.Count > 0 ? measured!.Aligned() : (plain.Of(Datasets.Split.Test), []);
        var scores = testSet.Count == 0 ? null : fit.Head.Evaluate(testSet, testViews, _seed);
        return new TrainedHead(name, run, views, averaged, set.Width, sourceSet, trainer.Kind, fit.Head, fit.Report, scores, folds, selection, shift);
    }

    // The head asked for, or the best of those that auto compares: as they are, since calibration changes no order of classes.
    private (IHeadTrainer Trainer, SelectionResult? Selection) Choose(Dataset dataset, EmbeddingSet fitSet, EmbeddingSet? source)
    {
        var (task, head, heldOut) = (HeadChoice.TaskOf(dataset), options.Head, Share(options.Validation));
        (string Name, IHeadTrainer Trainer)[] candidates = [.. head.Names(parsed, dataset).Select(name =>
            (name, head.Trainer(parsed, name, task, heldOut, _seed, source, parsed.GetValue(options.SourceWeight))))];
        if (!_isAuto)
        {
            return (head.Calibrated(parsed, candidates[0].Trainer, task, heldOut, _seed), null);
        }

        var settings = head.Selection(parsed, _folds, parsed.GetValue(options.Repeats), _seed);
        if (settings.Metric.Name == "log-loss")
        {
            candidates = Array.ConvertAll(candidates, candidate => candidate with { Trainer = head.Calibrated(parsed, candidate.Trainer, task, heldOut, _seed) });
        }

        terminal.Say($"comparing {candidates.Length} heads by {settings.Folds} folds x {settings.Repeats} on {fitSet.Count} items");
        var result = HeadSelection.Run(candidates, fitSet, settings, terminal.Say, cancellation);
        var best = result.Best.Trainer;
        return (best is CalibratedTrainer ? best : head.Calibrated(parsed, best, task, heldOut, _seed), result);
    }

    private ModelCard Card(Backbone backbone, TrainedHead trained)
    {
        var run = trained.Embedding;
        int Count(Split split) => run.Items.Count(item => item.Split == split);
        var head = new Dictionary<string, string>(trained.Fit.Settings, StringComparer.Ordinal) { ["kind"] = trained.Kind, ["seed"] = $"{_seed}" };
        if (trained.Fit.Chosen is { } chosen)
        {
            head[chosen.Name.ToLowerInvariant()] = chosen.Value.ToString("R", CultureInfo.InvariantCulture);
        }

        if (run.Dataset.IsRegression)
        {
            head["logTarget"] = parsed.GetValue(options.Head.LogTarget) ? "true" : "false";
        }

        foreach (var (field, value) in options.Views.Card(parsed))
        {
            head[field] = value;
        }

        return FusedModel.Card(backbone, trained.Head) with
        {
            AveragesPhotos = parsed.GetValue(options.Data.AverageBy) is not null,
            Numbers = run.Dataset.NumberNames,
            Jpeg = parsed.GetValue(options.Embed.Jpeg),
            Head = head,
            Data = new CardData(
                parsed.GetValue(options.Data.Data)!, run.ContentSha256, Count(Datasets.Split.Train), Count(Datasets.Split.Validation), Count(Datasets.Split.Test)),
            Scores = JsonReport.Numbers(trained.Test).Where(pair => double.IsFinite(pair.Value)).ToDictionary(),
        };
    }

    // A network of fresh weights needs no rows to choose by.
    private double HeldOut() => options.Scratch.IsAsked(parsed) && parsed.GetValue(options.Validation) == 0 ? 0 : Share(options.Validation);

    private double Share(Option<double> option)
    {
        var share = parsed.GetValue(option);
        return share is > 0 and < 1 ? share : throw new UsageException($"{option.Name} {share}: expected a share between 0 and 1, such as 0.2");
    }
}
