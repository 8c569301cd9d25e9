using System.Globalization;
using System.Text.Json.Nodes;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Heads.Tuning;
using Spectre.Console;

namespace OnnxTransfer.Cli;

/// <summary>What <c>train</c> prints.</summary>
internal sealed class TrainReport(Terminal terminal, TrainedHead trained, TrainedHead? other, string? model)
{
    public void Write()
    {
        var heads = new[] { trained, other }.OfType<TrainedHead>().ToArray();
        var table = new Table().AddColumns(["", .. heads.Select(head => head.Backbone)]);
        Row("head", head => head.Kind);
        Row("width", head => $"{head.Width}");
        foreach (var chosen in heads.Select(head => head.Fit.Chosen?.Name).OfType<string>().Distinct())
        {
            Row(chosen == "L2" ? chosen : chosen.ToLowerInvariant(), head => head.Fit.Chosen is { } setting && setting.Name == chosen ? $"{setting.Value:g3}" : "");
        }

        if (trained.Test is ClassificationScores)
        {
            Row("accuracy", head => $"{Classes(head).Accuracy:0.0000} ({Classes(head).AccuracyInterval})");
            if (Classes(trained).PerClass.Count > 5)
            {
                Row("top 5", head => $"{Classes(head).TopFive:0.0000}");
            }

            Row("macro F1", head => $"{Classes(head).MacroF1:0.0000}");
            Row("log loss", head => $"{Classes(head).LogLoss:0.0000}");
            Row("expected calibration error", head => $"{Classes(head).ExpectedCalibrationError:0.0000}");
        }
        else if (trained.Test is RegressionScores)
        {
            Row("R2", head => $"{Values(head).R2:0.0000} ({Values(head).R2Interval})");
            Row("R2 of logarithms", head => Values(head).R2OfLogarithms is { } value ? $"{value:0.0000}" : "");
            Row("RMSE", head => Figure.Of(Values(head).RootMeanSquaredError));
            Row("MAE", head => Figure.Of(Values(head).MeanAbsoluteError));
            Row("median relative error", head => $"{Values(head).MedianRelativeError:0.0000}");
            if (Values(trained).IntervalCoverage is not null)
            {
                Row("targets within the interval", head => $"{Values(head).IntervalCoverage:0.000} ({head.Fit.Settings["coverage"]} asked)");
                Row("mean width of the interval", head => Figure.Of(Values(head).MeanIntervalWidth!.Value));
            }
        }

        else if (trained.Test is LabelScores)
        {
            Row("mean average precision", head => $"{Labels(head).MeanAveragePrecision:0.0000} ({Labels(head).MeanAveragePrecisionInterval})");
            Row("macro F1", head => $"{Labels(head).MacroF1:0.0000}");
            Row("micro F1", head => $"{Labels(head).MicroF1:0.0000}");
            Row("all labels right", head => $"{Labels(head).SubsetAccuracy:0.0000}");
        }
        else if (trained.Test is MultiValueScores several)
        {
            Row("mean R2", head => $"{Several(head).MeanR2:0.0000} ({Several(head).MeanR2Interval})");
            foreach (var (target, i) in several.PerTarget.Select((target, i) => (target.Name, i)))
            {
                Row($"R2 of {target}", head => $"{Several(head).PerTarget[i].Scores.R2:0.0000}");
                Row($"RMSE of {target}", head => Figure.Of(Several(head).PerTarget[i].Scores.RootMeanSquaredError));
            }
        }

        if (trained.Folds is not null)
        {
            Row($"{trained.Folds.MainName}, {trained.Folds.Folds.Count} folds", head => $"{head.Folds!.Mean:0.0000} +- {head.Folds.StandardDeviation:0.0000}");
            if (trained.Folds.Folds.All(fold => fold.Scores is RegressionScores))
            {
                Row("R2 of logarithms, mean of folds", head => $"{head.Folds!.Folds.Average(fold => ((RegressionScores)fold.Scores).R2OfLogarithms ?? double.NaN):0.0000}");
                if (trained.Folds.Folds.All(fold => ((RegressionScores)fold.Scores).IntervalCoverage is not null))
                {
                    Row("targets within the interval, mean of folds", head => $"{head.Folds!.Folds.Average(fold => ((RegressionScores)fold.Scores).IntervalCoverage!.Value):0.000} ({head.Fit.Settings["coverage"]} asked)");
                }

                Row("median relative error, mean of folds", head => $"{head.Folds!.Folds.Average(fold => ((RegressionScores)fold.Scores).MedianRelativeError):0.0000}");
            }
        }

        Row("seconds embedding", head => $"{head.Embedding.Report.Seconds + head.Views.Concat(head.TestViews).Sum(view => view.Report.Seconds):0.0}");
        Row("seconds fitting", head => $"{head.Fit.Seconds:0.0}");
        terminal.Write(table);
        if (trained.Selection is { } selection)
        {
            WriteSelection(selection);
        }

        if (trained.Tuning is { } tuning)
        {
            terminal.Out.WriteLine(Told(tuning));
            terminal.Out.WriteLine($"new backbone: {tuning.BackbonePath}");
        }

        if (trained.Test is LabelScores)
        {
            terminal.Out.WriteLine(trained.Test.ToString());
        }

        if (trained.Test is ClassificationScores { PerClass.Count: <= 30 } scores)
        {
            WriteClasses(scores);
        }

        terminal.Out.WriteLine(trained.Test is { } test
            ? $"measured on {test.Count} test items{(trained.TestViews.Count > 0 ? $", each answer the mean over the image and {trained.TestViews.Count} views" : "")}; interval: 95 % bootstrap"
            : "no test split: the folds' scores are the measure, the head is fitted on all items");
        if (model is not null)
        {
            terminal.Out.WriteLine($"wrote {model}");
        }

        void Row(string name, Func<TrainedHead, string> value) => table.AddRow([name, .. heads.Select(value)]);
    }

    public void WriteJson()
    {
        var json = Of(trained);
        if (other is not null)
        {
            json["comparedWith"] = Of(other);
        }

        json["model"] = model;
        terminal.WriteJson(json);
    }

    private static JsonObject Of(TrainedHead head)
    {
        var json = JsonReport.Of(head.Embedding, head.Backbone);
        json["views"] = JsonReport.Of(head.Views);
        json["testViews"] = JsonReport.Of(head.TestViews);
        json["secondsFitting"] = JsonReport.Rounded(head.Fit.Seconds);
        json["width"] = head.Width;
        json["head"] = head.Kind;
        json["chosen"] = head.Fit.Chosen is { } chosen ? new JsonObject { [chosen.Name.ToLowerInvariant()] = chosen.Value } : null;
        json["l2"] = head.Fit.Chosen is { Name: "L2" } l2 ? l2.Value : null;
        json["objective"] = head.Fit.Objective is { } objective ? JsonReport.Value(objective) : null;
        json["settings"] = new JsonObject(head.Fit.Settings.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value)));
        json["notes"] = new JsonArray([.. head.Fit.Notes.Select(note => (JsonNode?)note)]);
        json["train"] = head.Fit.Rows;
        json["test"] = head.Test?.Count ?? 0;
        foreach (var (name, value) in JsonReport.Numbers(head.Test))
        {
            json[name] = JsonReport.Value(value);
        }

        if (JsonReport.Classes(head.Test) is { } classes)
        {
            json["classes"] = classes;
        }

        if (head.Folds is { } folds)
        {
            json["folds"] = JsonReport.Of(folds);
        }

        if (head.Selection is { } selection)
        {
            json["selection"] = Of(selection);
        }

        if (head.Tuning is { } tuning)
        {
            json["fineTuning"] = Of(tuning);
        }

        if (head.Shift is { } shift)
        {
            json["shift"] = JsonReport.Of(shift);
        }

        return json;
    }

    private static string Told(FineTuningReport tuning)
    {
        var isScratch = tuning.Part == FromScratch.Part;
        var what = isScratch ? $"{tuning.Weights} fresh weights" : $"{tuning.Part}, {tuning.Weights} weights, on top of {tuning.FrozenTensor ?? "pixels"}";
        FormattableString losses = (isScratch, double.IsNaN(tuning.FineTuned)) switch
        {
            (_, true) => $"loss {tuning.Epochs[tuning.Best].Loss:g4}",
            (true, false) => $"loss {tuning.Epochs[tuning.Best].Loss:g4}, validation loss {tuning.FineTuned:g4}",
            (false, false) => $"validation loss {tuning.HeadFirst:g4} with the head alone, {tuning.FineTuned:g4}",
        };
        return $"trained {what}: {losses.ToString(CultureInfo.InvariantCulture)} after epoch {tuning.Best + 1} of {tuning.Epochs.Count}";
    }

    private static JsonObject Of(FineTuningReport tuning) => new()
    {
        ["part"] = tuning.Part,
        ["frozenTensor"] = tuning.FrozenTensor,
        ["backbone"] = tuning.BackbonePath,
        ["weights"] = tuning.Weights,
        ["frozenEmbedded"] = tuning.Embedded,
        ["secondsFrozen"] = JsonReport.Rounded(tuning.SecondsFrozen),
        ["validationLossHeadFirst"] = JsonReport.Value(tuning.HeadFirst),
        ["validationLoss"] = JsonReport.Value(tuning.FineTuned),
        ["bestEpoch"] = tuning.Best + 1,
        ["epochs"] = new JsonArray([.. tuning.Epochs.Select(epoch => new JsonObject
        {
            ["loss"] = JsonReport.Value(epoch.Loss),
            ["validationLoss"] = JsonReport.Value(epoch.Validation),
            ["learningRate"] = JsonReport.Value(epoch.LearningRate),
            ["seconds"] = JsonReport.Rounded(epoch.Seconds),
        })]),
    };

    private static JsonObject Of(SelectionResult selection) => new()
    {
        ["metric"] = selection.Metric == Metric.Main ? selection.Best.Scores!.MainName : selection.Metric.Name,
        ["verdict"] = selection.Verdict,
        ["repeats"] = selection.Repeats,
        ["seconds"] = JsonReport.Rounded(selection.Seconds),
        ["heads"] = new JsonArray([.. selection.Candidates.Select(candidate => new JsonObject
        {
            ["head"] = candidate.Name,
            ["mean"] = JsonReport.Value(candidate.Mean),
            ["low"] = JsonReport.Value(candidate.Interval.Low),
            ["high"] = JsonReport.Value(candidate.Interval.High),
            ["p"] = JsonReport.Value(candidate.PValue),
            ["seconds"] = JsonReport.Rounded(candidate.Seconds),
            ["leftOut"] = candidate.LeftOut,
        })]),
    };

    private void WriteSelection(SelectionResult selection)
    {
        var metric = selection.Metric == Metric.Main ? selection.Best.Scores!.MainName : selection.Metric.Name;
        var table = new Table().AddColumns("head", $"{metric}, {selection.Folds} folds x {selection.Repeats}", "95 %", "p against the best", "seconds");
        foreach (var candidate in selection.Candidates)
        {
            table.AddRow(candidate.LeftOut is { } reason
                ? [candidate.Name, Markup.Escape($"left out: {reason}"), "", "", $"{candidate.Seconds:0.0}"]
                : [candidate.Name, $"{candidate.Mean:0.0000}", $"{candidate.Interval}", candidate == selection.Best ? "" : candidate.PValue < 0.001 ? "< 0.001" : $"{candidate.PValue:0.000}", $"{candidate.Seconds:0.0}"]);
        }

        terminal.Write(table);
        terminal.Out.WriteLine(selection.Verdict);
    }

    private void WriteClasses(ClassificationScores scores)
    {
        var table = new Table().AddColumns(["class", "precision", "recall", "F1", "items", .. scores.PerClass.Select((_, i) => $"as {i + 1}")]);
        for (var i = 0; i < scores.PerClass.Count; i++)
        {
            var name = scores.PerClass[i];
            table.AddRow(
            [
                Markup.Escape($"{i + 1} {name.Name}"), $"{name.Precision:0.000}", $"{name.Recall:0.000}", $"{name.F1:0.000}", $"{name.Count}",
                .. scores.Confusion[i].Select(count => count == 0 ? "." : $"{count}"),
            ]);
        }

        terminal.Write(table);
    }

    private static ClassificationScores Classes(TrainedHead head) => (ClassificationScores)head.Test!;

    private static LabelScores Labels(TrainedHead head) => (LabelScores)head.Test!;

    private static MultiValueScores Several(TrainedHead head) => (MultiValueScores)head.Test!;

    private static RegressionScores Values(TrainedHead head) => (RegressionScores)head.Test!;
}
