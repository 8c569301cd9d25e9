using System.CommandLine;
using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Export;
using OnnxTransfer.Heads;

namespace OnnxTransfer.Cli;

/// <summary>A head fitted on one backbone's embeddings, with its scores.</summary>
internal sealed record TrainedHead(string Backbone, EmbedRun Embedding, IHead Head, FitReport Fit, Scores? Test, CrossValidationScores? Folds);

/// <summary>One run of <c>train</c>: split, embed, fit, measure, export, report.</summary>
internal sealed class TrainRun(Terminal terminal, TrainOptions options, ParseResult parsed, CancellationToken cancellation)
{
    private readonly int _seed = parsed.GetValue(options.Seed);
    private readonly int? _folds = parsed.GetValue(options.Folds);

    public int Run()
    {
        var output = parsed.GetValue(options.Output);
        var dataset = Split(options.Data.Open(parsed));
        Check(dataset, output);
        var compare = parsed.GetValue(options.Compare);
        using var cache = EmbeddingCache.Open(parsed.GetValue(options.Embed.Cache)!);
        using var backbone = options.Embed.Load(parsed);
        if (output is not null)
        {
            FusedModel.Check(backbone, parsed.GetValue(options.Data.AverageBy) is not null);
        }

        var trained = Train(backbone, dataset, cache);
        TrainedHead? other = null;
        if (compare is not null)
        {
            using var compared = options.Embed.LoadOther(parsed, compare);
            other = Train(compared, dataset, cache);
        }

        var notWritten = output is null ? null : Export(output, backbone, trained);
        var report = new TrainReport(terminal, trained, other, notWritten is null ? output : null);
        if (parsed.GetValue(options.Json))
        {
            report.WriteJson();
        }
        else
        {
            report.Write();
        }

        return notWritten is null ? ExitCode.Done : throw notWritten;
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
        var head = parsed.GetValue(options.Head);
        if (!dataset.IsRegression && dataset.Classes.Count < 2)
        {
            throw new DatasetException(dataset.Classes.Count == 0
                ? $"{data}: nothing is labelled; expected a sub-folder for each class, or a manifest with a column named label or target (or name yours with --label or --target)"
                : $"{data}: only one class, '{dataset.Classes[0]}'; a classifier needs two or more: add images of something else");
        }

        if (head is not null && (head == TrainOptions.Ridge) != dataset.IsRegression)
        {
            throw new UsageException($"--head {head} does not fit: {data} has {(dataset.IsRegression ? "numbers to predict; use ridge" : $"{dataset.Classes.Count} classes; use logistic")}");
        }

        if (parsed.GetValue(options.LogTarget) && !dataset.IsRegression)
        {
            throw new UsageException($"--log-target is for numbers to predict, but {data} has classes; leave it out");
        }

        if (_folds < 2 || _folds > dataset.Items.Count)
        {
            throw new UsageException($"--folds {_folds}: expected 2 up to the {dataset.Items.Count} items there are");
        }

        if (parsed.GetValue(options.Repeats) < 1)
        {
            throw new UsageException($"--repeats {parsed.GetValue(options.Repeats)}: expected 1 or more");
        }

        if (_folds is null && parsed.GetResult(options.Repeats) is { Implicit: false })
        {
            throw new UsageException("--repeats repeats a cross-validation; say --folds too");
        }

        if (output is not null && Directory.Exists(output))
        {
            throw new UsageException($"--output {output}: a folder; expected the name of a file, such as {Path.Combine(output, "model.onnx")}");
        }

        if (parsed.GetValue(options.L2) < 0)
        {
            throw new UsageException($"--l2 {parsed.GetValue(options.L2)}: expected 0 or more, or nothing to have it chosen");
        }

        if (output is not null)
        {
            DataOptions.NeedFolder(options.Output, output);
        }

        Share(options.Validation);
    }

    private TrainedHead Train(Backbone backbone, Dataset dataset, EmbeddingCache cache)
    {
        var run = options.Embed.Run(parsed, terminal, backbone, dataset, cache, cancellation);
        var set = run.ToSet();
        var fitSet = set.Of(Datasets.Split.Train, Datasets.Split.Validation);
        var testSet = set.Of(Datasets.Split.Test);
        CrossValidationScores? folds = null;
        if (_folds is { } count)
        {
            terminal.Say($"cross-validating {count} folds x {parsed.GetValue(options.Repeats)} on {fitSet.Count} items");
            folds = CrossValidation.Run(Trainer(dataset), fitSet, count, parsed.GetValue(options.Repeats), _seed, fold => terminal.Say($"fold {fold.Fold + 1} of repeat {fold.Repeat + 1}: {fold.Scores.MainName} {fold.Scores.Main:0.0000}"), cancellation);
        }

        terminal.Say($"fitting on {fitSet.Count} items of {set.Width} values");
        using var progress = new FitProgressLine(terminal);
        var fit = Trainer(dataset).FitAndReport(fitSet, progress.Report, cancellation);
        progress.Dispose();
        foreach (var note in fit.Report.Notes)
        {
            terminal.Say($"note: {note}");
        }

        var scores = testSet.Count == 0 ? null : fit.Head.Evaluate(testSet, _seed);
        return new TrainedHead(backbone.Description.Name, run, fit.Head, fit.Report, scores, folds);
    }

    private IHeadTrainer Trainer(Dataset dataset)
    {
        var l2 = parsed.GetValue(options.L2);
        if (dataset.IsRegression)
        {
            var ridge = new RidgeRegression { L2 = l2, LogTarget = parsed.GetValue(options.LogTarget) };
            return ridge with { Search = ridge.Search with { HeldOut = Share(options.Validation), Seed = _seed } };
        }

        var logistic = new LogisticRegression { L2 = l2 };
        return logistic with { Search = logistic.Search with { HeldOut = Share(options.Validation), Seed = _seed } };
    }

    private ModelCard Card(Backbone backbone, TrainedHead trained)
    {
        var run = trained.Embedding;
        int Count(Split split) => run.Items.Count(item => item.Split == split);
        return FusedModel.Card(backbone, trained.Head) with
        {
            AveragesPhotos = parsed.GetValue(options.Data.AverageBy) is not null,
            Numbers = run.Dataset.NumberNames,
            Head = new Dictionary<string, string>
            {
                ["kind"] = Trainer(run.Dataset).Kind,
                ["l2"] = $"{trained.Fit.Chosen?.Value:R}",
                ["logTarget"] = parsed.GetValue(options.LogTarget) ? "true" : "false",
                ["seed"] = $"{_seed}",
            },
            Data = new CardData(
                parsed.GetValue(options.Data.Data)!, run.ContentSha256, Count(Datasets.Split.Train), Count(Datasets.Split.Validation), Count(Datasets.Split.Test)),
            Scores = JsonReport.Numbers(trained.Test).Where(pair => double.IsFinite(pair.Value)).ToDictionary(),
        };
    }

    private double Share(Option<double> option)
    {
        var share = parsed.GetValue(option);
        return share is > 0 and < 1 ? share : throw new UsageException($"{option.Name} {share}: expected a share between 0 and 1, such as 0.2");
    }
}
