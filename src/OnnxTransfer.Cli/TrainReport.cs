using System.Text.Json.Nodes;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Evaluation;
using Spectre.Console;

namespace OnnxTransfer.Cli;

/// <summary>What <c>train</c> prints.</summary>
internal sealed class TrainReport(Terminal terminal, TrainedHead trained, TrainedHead? other, string? model)
{
    public void Write()
    {
        var heads = new[] { trained, other }.OfType<TrainedHead>().ToArray();
        var table = new Table().AddColumns(["", .. heads.Select(head => head.Backbone)]);
        Row("embedding width", head => $"{head.Embedding.Width}");
        Row(trained.Fit.Chosen?.Name ?? "", head => $"{head.Fit.Chosen?.Value:g3}");
        if (trained.Test is ClassificationScores)
        {
            Row("accuracy", head => $"{Classes(head).Accuracy:0.0000} ({Classes(head).AccuracyInterval})");
            Row("top 5", head => $"{Classes(head).TopFive:0.0000}");
            Row("macro F1", head => $"{Classes(head).MacroF1:0.0000}");
            Row("log loss", head => $"{Classes(head).LogLoss:0.0000}");
        }
        else if (trained.Test is RegressionScores)
        {
            Row("R2", head => $"{Values(head).R2:0.0000} ({Values(head).R2Interval})");
            Row("R2 of logarithms", head => Values(head).R2OfLogarithms is { } value ? $"{value:0.0000}" : "");
            Row("RMSE", head => $"{Values(head).RootMeanSquaredError:g5}");
            Row("MAE", head => $"{Values(head).MeanAbsoluteError:g5}");
            Row("median relative error", head => $"{Values(head).MedianRelativeError:0.0000}");
        }

        if (trained.Folds is not null)
        {
            Row($"{trained.Folds.MainName}, {trained.Folds.Folds.Count} folds", head => $"{head.Folds!.Mean:0.0000} +- {head.Folds.StandardDeviation:0.0000}");
            if (trained.Embedding.Dataset.IsRegression)
            {
                Row("R2 of logarithms, mean of folds", head => $"{head.Folds!.Folds.Average(fold => ((RegressionScores)fold.Scores).R2OfLogarithms ?? double.NaN):0.0000}");
                Row("median relative error, mean of folds", head => $"{head.Folds!.Folds.Average(fold => ((RegressionScores)fold.Scores).MedianRelativeError):0.0000}");
            }
        }

        Row("seconds embedding", head => $"{head.Embedding.Report.Seconds:0.0}");
        Row("seconds fitting", head => $"{head.Fit.Seconds:0.0}");
        terminal.Write(table);
        if (trained.Test is ClassificationScores { PerClass.Count: <= 30 } scores)
        {
            WriteClasses(scores);
        }

        terminal.Out.WriteLine(trained.Test is { } test
            ? $"measured on {test.Count} test items; interval: 95 % bootstrap"
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
        json["secondsFitting"] = JsonReport.Rounded(head.Fit.Seconds);
        json["l2"] = head.Fit.Chosen?.Value;
        json["train"] = head.Fit.Rows;
        json["test"] = head.Test?.Count ?? 0;
        foreach (var (name, value) in JsonReport.Numbers(head.Test))
        {
            json[name] = JsonReport.Value(value);
        }

        if (head.Folds is { } folds)
        {
            json["folds"] = JsonReport.Of(folds);
        }

        return json;
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

    private static RegressionScores Values(TrainedHead head) => (RegressionScores)head.Test!;
}
