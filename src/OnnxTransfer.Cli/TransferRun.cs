using System.CommandLine;
using OnnxTransfer.Backbones;
using OnnxTransfer.Cli.Heads;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Heads;

namespace OnnxTransfer.Cli;

/// <summary>One run of <c>evaluate --transfer</c>: split, embed, train every way on every share, report.</summary>
internal sealed class TransferRun(
    Terminal terminal, DataOptions data, EmbedOptions embed, ViewOptions views, TransferOptions options, Option<int> seed, Option<bool> json, ParseResult parsed, CancellationToken cancellation)
{
    public int Run()
    {
        var path = parsed.GetValue(options.Transfer)!;
        var names = options.WayNames(parsed);
        var opened = data.Open(parsed, path);
        var openedSource = OpenSource();
        CheckWays(names, isDrawn: !opened.HasOwnSplits || openedSource is { HasOwnSplits: false });
        var dataset = Split(opened, path);
        Check(dataset, path, names);
        using var cache = EmbeddingCache.Open(parsed.GetValue(embed.Cache)!);
        using var backbone = embed.Load(parsed);
        if (names.Contains(TransferWay.FineTuned))
        {
            options.Tuning(parsed).Check(backbone);
        }

        var run = embed.Run(parsed, terminal, backbone, dataset, cache, cancellation);
        var source = openedSource is null ? null : EmbedSource(openedSource, backbone, cache, run);
        var ways = new TransferWays(terminal, embed, views, options, parsed, backbone, cache, run, source, cancellation);
        var results = parsed.GetValue(options.Results) ?? Path.Combine(cache.Folder, "transfer.json");
        var study = new TransferStudy
        {
            Shares = options.ShareValues(parsed),
            Repeats = EmbedOptions.Positive(parsed, options.Repeats, 1),
            Seed = parsed.GetValue(seed),
            Results = results,
            Content = run.ContentSha256,
        };
        TransferResult result;
        try
        {
            result = study.Run(run.Dataset with { Items = run.Items }, [.. names.Select(ways.ByName)], terminal.Say, cancellation);
        }
        catch (OperationCanceledException)
        {
            terminal.Say($"what was finished is kept in {results}; the same command goes on from there");
            throw;
        }

        if (result.Kept > 0)
        {
            terminal.Say($"{result.Kept} of {result.Kept + result.Made} trainings were found in {results}");
        }

        var report = new TransferReport(terminal, run, backbone, result, ways.Told);
        if (parsed.GetValue(json))
        {
            terminal.WriteJson(TransferJson.Of(run, backbone, result, results));
        }
        else
        {
            report.Write();
        }

        if (parsed.GetValue(options.Markdown) is { } page)
        {
            TransferPage.Write(page, report);
        }

        return result.Points.Any(point => point.Failure is not null) ? ExitCode.FailedWork : ExitCode.Done;
    }

    // What would be read and then left unsaid.
    private void CheckWays(string[] names, bool isDrawn)
    {
        bool isScratch = names.Contains(TransferWay.Scratch), isTuned = names.Contains(TransferWay.FineTuned);
        Refuse(parsed.GetValue(options.Tune.Checkpoint) is not null, "--checkpoint: every training of --transfer keeps its own; leave it out");
        Refuse(Given(views.TestViews), $"{views.TestViews.Name}: is for a model that is measured; leave it out");
        RefuseUnless(isScratch, $"is for the way {TransferWay.Scratch}, which --ways leaves out", options.Scratch.Size, options.Scratch.Normalise, options.ScratchEpochs, options.ScratchLearningRate);
        RefuseUnless(isTuned, $"is for the way {TransferWay.FineTuned}, which --ways leaves out", options.Unfreeze, options.UnfreezeAfter, options.Source);
        if (!isTuned)
        {
            options.Tune.RefuseAll(parsed, $"{options.Ways.Name} {string.Join(',', names)},{TransferWay.FineTuned}");
        }

        RefuseUnless(isScratch || isTuned, $"is for the ways {TransferWay.Scratch} and {TransferWay.FineTuned}, which --ways leaves out", options.LeastSteps);
        RefuseUnless(isTuned || names.Contains(TransferWay.Probe), $"is for the ways {TransferWay.Probe} and {TransferWay.FineTuned}, which --ways leaves out", views.Views);
        Refuse(Given(views.ViewSeed) && parsed.GetValue(views.Views) == 0, $"{views.ViewSeed.Name}: decides what is drawn for augmented views, and there are none; say {views.Views.Name} too, or leave it out");
        Refuse(Given(options.Test) && !isDrawn, $"{options.Test.Name}: says how much is drawn to test on, and the data has a test split of its own; leave it out");
        foreach (var option in new[] { data.AverageBy, data.Numbers })
        {
            Refuse(
                Given(option) && (isScratch || isTuned),
                $"{option.Name}: {(option == data.Numbers ? "a network is trained on images alone" : "averages embeddings, and a network is trained on one image an item")}; say {options.Ways.Name} {TransferWay.Probe}, or leave it out");
        }

        void RefuseUnless(bool isRead, string why, params Option[] few)
        {
            foreach (var option in few)
            {
                Refuse(Given(option) && !isRead, $"{option.Name}: {why}; leave it out too");
            }
        }
    }

    // Before hours of training: everything about the request that can be told from here.
    private void Check(Dataset dataset, string path, string[] names)
    {
        Refuse(!dataset.IsRegression && dataset.Classes.Count < 2, $"--transfer {path}: {dataset.Classes.Count} classes; expected two or more, or numbers to predict");
        _ = options.ShareValues(parsed);
        _ = options.Tune.Apply(parsed);
        EmbedOptions.Positive(parsed, options.Repeats, 1);
        EmbedOptions.Positive(parsed, options.LeastSteps, 0);
        Refuse(!(parsed.GetValue(options.Validation) is > 0 and <= 0.5), $"--validation {parsed.GetValue(options.Validation)}: expected a share above 0, at most half, such as 0.2");
        _ = options.Scratch.SizeOf(parsed);
        views.Check(parsed, isOnPixels: names.Contains(TransferWay.Scratch));
        Refuse(parsed.GetValue(options.ScratchEpochs) is < 1, $"--scratch-epochs {parsed.GetValue(options.ScratchEpochs)}: expected 1 or more");
        Refuse(parsed.GetValue(options.ScratchLearningRate) is { } rate && !(rate > 0 && double.IsFinite(rate)), $"--scratch-learning-rate {parsed.GetValue(options.ScratchLearningRate)}: expected a number above 0");
        Refuse(
            Given(options.Unfreeze) && parsed.GetValue(options.UnfreezeAfter) is not null,
            "--unfreeze and --unfreeze-after both say where fine-tuning begins; give one of them");
        foreach (var option in new[] { options.Results, options.Markdown })
        {
            if (parsed.GetValue(option) is { } file)
            {
                Refuse(Directory.Exists(file), $"{option.Name} {file}: a folder; expected the name of a file");
                DataOptions.NeedFolder(option, file);
            }
        }
    }

    private Dataset Split(Dataset dataset, string path)
    {
        var share = parsed.GetValue(options.Test);
        Refuse(!(share is > 0 and < 1), $"--test {share}: expected a share between 0 and 1, such as 0.2");
        return dataset.HasOwnSplits ? dataset
            : dataset.IsRegression || dataset.Classes.Count > 0 ? dataset.Draw(Datasets.Split.Test, share, parsed.GetValue(seed))
            : throw new UsageException($"--transfer {path}: nothing is labelled; expected a sub-folder for each class, or a manifest with labels or numbers to predict");
    }

    private Dataset? OpenSource()
    {
        if (parsed.GetValue(options.Source) is not { } path)
        {
            return null;
        }

        var source = data.Open(parsed, path);
        Refuse(
            source.IsRegression || source.IsMultiLabel || source.Classes.Count < 2,
            $"--source {path}: has {(source.Classes.Count < 2 && !source.IsRegression ? $"{source.Classes.Count} classes" : HeadChoice.Told(HeadChoice.TaskOf(source)))}; expected two classes or more, one an image");
        return source.HasOwnSplits ? source : source.Draw(Datasets.Split.Test, parsed.GetValue(options.Test), parsed.GetValue(seed));
    }

    // Before anything is trained: what was learned from must not be measured on, in neither direction.
    private TransferSource EmbedSource(Dataset source, Backbone backbone, EmbeddingCache cache, EmbedRun target)
    {
        var embedded = embed.Run(parsed, terminal, backbone, source, cache, cancellation, "source");
        var kept = TransferSource.Of(embedded, target);
        if (kept.Shared > 0)
        {
            terminal.Say($"warning: {kept.Shared} of {embedded.Items.Count} items of {options.Source.Name} have the content of items of the data; they are left out, since the fine-tuned backbone may have learned from them");
        }

        Refuse(!kept.CanBeMeasured, $"{options.Source.Name} {parsed.GetValue(options.Source)}: without the {kept.Shared} items that are items of the data too, two classes to fit on and a test item are not left; expected other images");
        return kept;
    }

    private bool Given(Option option) => parsed.GetResult(option) is { Implicit: false };

    private static void Refuse(bool wrong, string message)
    {
        if (wrong)
        {
            throw new UsageException(message);
        }
    }
}
