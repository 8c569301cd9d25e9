using System.Diagnostics;
using System.Text.Json.Nodes;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Evaluation;

namespace OnnxTransfer.Cli;

/// <summary>The fields of --json that scripts may rely on, the same in every verb.</summary>
internal static class JsonReport
{
    public static JsonObject Of(EmbedRun run, string backbone)
    {
        var report = run.Report;
        return new JsonObject
        {
            ["backbone"] = backbone,
            ["provider"] = report.Provider,
            ["items"] = run.Items.Count,
            ["images"] = report.Images,
            ["embedded"] = report.Embedded,
            ["fromCache"] = report.FromCache,
            ["duplicates"] = report.Duplicates,
            ["taps"] = new JsonArray([.. report.Taps.Select(tap => new JsonObject
            {
                ["name"] = tap.Tap,
                ["embedded"] = tap.Embedded,
                ["fromCache"] = tap.FromCache,
            })]),
            ["failed"] = report.Failures.Count,
            ["imagesPerSecond"] = Rounded(report.ImagesPerSecond),
            ["secondsEmbedding"] = Rounded(report.Seconds),
            ["secondsFitting"] = 0,
            ["width"] = run.Width,
            ["bottleneck"] = report.Bottleneck,
            ["coreUse"] = report.CoreUse is { } share ? Rounded(share) : null,
            ["stages"] = new JsonArray([.. report.Stages.Select(stage => new JsonObject
            {
                ["name"] = stage.Name,
                ["busySeconds"] = Rounded(stage.BusySeconds),
                ["cpuSeconds"] = Rounded(stage.CpuSeconds),
                ["utilisation"] = Rounded(stage.Utilisation),
                ["images"] = stage.Images,
                ["imagesPerSecond"] = Rounded(stage.ImagesPerSecond),
            })]),
            ["division"] = new JsonObject
            {
                ["cores"] = report.Division.Cores,
                ["threads"] = report.Division.Threads,
                ["decodeThreads"] = report.Division.DecodeThreads,
                ["runs"] = report.Division.Runs,
                ["threadsPerRun"] = report.Division.ThreadsPerRun,
                ["batch"] = report.Division.Batch,
                ["reason"] = report.Division.Reason,
                ["note"] = report.Division.Note,
            },
            ["decoders"] = new JsonObject(report.Decoders.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value))),
            ["leaks"] = report.Leaks.Count,
            ["peakMegabytes"] = Rounded(PeakMegabytes()),
        };
    }

    /// <summary>What became of each augmented view.</summary>
    public static JsonArray Of(IReadOnlyList<EmbedRun> views) => new([.. views.Select(view => new JsonObject
    {
        ["items"] = view.Items.Count,
        ["embedded"] = view.Report.Embedded,
        ["fromCache"] = view.Report.FromCache,
        ["failed"] = view.Report.Failures.Count,
        ["secondsEmbedding"] = Rounded(view.Report.Seconds),
    })]);

    /// <summary>The figures of <paramref name="scores"/> by name; none without a test split.</summary>
    public static Dictionary<string, double> Numbers(Scores? scores) => scores switch
    {
        ClassificationScores classes => new()
        {
            ["accuracy"] = classes.Accuracy,
            ["accuracyLow"] = classes.AccuracyInterval.Low,
            ["accuracyHigh"] = classes.AccuracyInterval.High,
            ["top5"] = classes.TopFive,
            ["macroF1"] = classes.MacroF1,
            ["logLoss"] = classes.LogLoss,
            ["expectedCalibrationError"] = classes.ExpectedCalibrationError,
        },
        RegressionScores values => new()
        {
            ["r2"] = values.R2,
            ["r2Low"] = values.R2Interval.Low,
            ["r2High"] = values.R2Interval.High,
            ["r2OfLogarithms"] = values.R2OfLogarithms ?? double.NaN,
            ["rmse"] = values.RootMeanSquaredError,
            ["mae"] = values.MeanAbsoluteError,
            ["medianRelativeError"] = values.MedianRelativeError,
            ["intervalCoverage"] = values.IntervalCoverage ?? double.NaN,
            ["meanIntervalWidth"] = values.MeanIntervalWidth ?? double.NaN,
        },
        LabelScores labels => new()
        {
            ["meanAveragePrecision"] = labels.MeanAveragePrecision,
            ["meanAveragePrecisionLow"] = labels.MeanAveragePrecisionInterval.Low,
            ["meanAveragePrecisionHigh"] = labels.MeanAveragePrecisionInterval.High,
            ["macroF1"] = labels.MacroF1,
            ["microF1"] = labels.MicroF1,
            ["subsetAccuracy"] = labels.SubsetAccuracy,
        },
        MultiValueScores values => values.PerTarget
            .SelectMany(target => new (string Name, double Value)[]
            {
                ($"r2:{target.Name}", target.Scores.R2), ($"rmse:{target.Name}", target.Scores.RootMeanSquaredError), ($"mae:{target.Name}", target.Scores.MeanAbsoluteError),
            })
            .Prepend(("meanR2High", values.MeanR2Interval.High))
            .Prepend(("meanR2Low", values.MeanR2Interval.Low))
            .Prepend(("meanR2", values.MeanR2))
            .ToDictionary(),
        _ => [],
    };

    /// <summary>Mean of every figure over the folds, and the folds themselves.</summary>
    public static JsonObject Of(CrossValidationScores folds)
    {
        var figures = folds.Folds.Select(fold => Numbers(fold.Scores)).ToArray();
        var json = new JsonObject { ["count"] = folds.Folds.Count };
        foreach (var name in figures[0].Keys.Where(name => !name.EndsWith("Low", StringComparison.Ordinal) && !name.EndsWith("High", StringComparison.Ordinal)))
        {
            json[name] = Value(figures.Average(figure => figure[name]));
            json[name + "ByFold"] = new JsonArray([.. figures.Select(figure => Value(figure[name]))]);
        }

        return json;
    }

    /// <summary>How far two domains are apart.</summary>
    public static JsonObject Of(DomainShift shift) => new()
    {
        ["accuracy"] = Value(shift.Accuracy),
        ["accuracyLow"] = Value(shift.AccuracyInterval.Low),
        ["accuracyHigh"] = Value(shift.AccuracyInterval.High),
        ["accuracyP"] = Value(shift.AccuracyPValue),
        ["meanDiscrepancy"] = Value(shift.MeanDiscrepancy),
        ["meanDiscrepancyP"] = Value(shift.DiscrepancyPValue),
        ["meanDistance"] = Value(shift.MeanDistance),
    };

    /// <summary>Every class, or every label, by itself; null for other scores.</summary>
    public static JsonArray? Classes(Scores? scores) => scores is ClassificationScores classes
        ? new JsonArray([.. classes.PerClass.Select(one => new JsonObject
        {
            ["class"] = one.Name,
            ["precision"] = one.Precision,
            ["recall"] = one.Recall,
            ["f1"] = one.F1,
            ["items"] = one.Count,
        })])
        : null;

    /// <summary>JSON knows no NaN and no infinity: such a figure is null.</summary>
    public static JsonNode? Value(double value) => double.IsFinite(value) ? JsonValue.Create(value) : null;

    public static double Rounded(double value) => Math.Round(value, 3);

    private static double PeakMegabytes()
    {
        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64 / 1e6;
    }
}
