namespace OnnxTransfer.Evaluation;

/// <summary>One figure by which heads are compared.</summary>
/// <param name="Name">Its name on the command line: "accuracy".</param>
/// <param name="HigherIsBetter">False for errors and losses.</param>
/// <param name="Of">Reads it from scores; NaN where these scores have no such figure.</param>
public sealed record Metric(string Name, bool HigherIsBetter, Func<Scores, double> Of)
{
    /// <summary>Whatever figure the scores hold to be their main one: accuracy, mean average precision, R2.</summary>
    public static Metric Main { get; } = new("main", true, scores => scores.Main);

    /// <summary>Every metric there is, <see cref="Main"/> left out.</summary>
    public static IReadOnlyList<Metric> All { get; } =
    [
        new("accuracy", true, scores => (scores as ClassificationScores)?.Accuracy ?? double.NaN),
        new("macro-f1", true, scores => (scores as ClassificationScores)?.MacroF1 ?? (scores as LabelScores)?.MacroF1 ?? double.NaN),
        new("macro-recall", true, scores => (scores as ClassificationScores)?.MacroRecall ?? double.NaN),
        new("log-loss", false, scores => (scores as ClassificationScores)?.LogLoss ?? double.NaN),
        new("mean-average-precision", true, scores => (scores as LabelScores)?.MeanAveragePrecision ?? double.NaN),
        new("micro-f1", true, scores => (scores as LabelScores)?.MicroF1 ?? double.NaN),
        new("r2", true, scores => (scores as RegressionScores)?.R2 ?? double.NaN),
        new("r2-of-logarithms", true, scores => (scores as RegressionScores)?.R2OfLogarithms ?? double.NaN),
        new("mean-r2", true, scores => (scores as MultiValueScores)?.MeanR2 ?? double.NaN),
        new("rmse", false, scores => (scores as RegressionScores)?.RootMeanSquaredError ?? double.NaN),
        new("mae", false, scores => (scores as RegressionScores)?.MeanAbsoluteError ?? double.NaN),
        new("median-relative-error", false, scores => (scores as RegressionScores)?.MedianRelativeError ?? double.NaN),
    ];

    /// <summary>The metric of this name.</summary>
    /// <exception cref="OnnxTransferException">There is none; the message lists those there are.</exception>
    public static Metric ByName(string name) => All.FirstOrDefault(metric => metric.Name == name)
        ?? throw new OnnxTransferException($"no metric '{name}'; expected one of: {string.Join(", ", All.Select(metric => metric.Name))}");

    /// <summary>Its name.</summary>
    public override string ToString() => Name;
}
