using OnnxTransfer.Heads;

namespace OnnxTransfer.Evaluation;

/// <summary>One figure by which heads are compared.</summary>
/// <param name="Name">Its name on the command line: "accuracy".</param>
/// <param name="HigherIsBetter">False for errors and losses.</param>
/// <param name="Of">Reads it from scores; NaN where these scores have no such figure.</param>
public sealed record Metric(string Name, bool HigherIsBetter, Func<Scores, double> Of)
{
    private static readonly Metric[] OfClasses =
    [
        Share("accuracy", scores => (scores as ClassificationScores)?.Accuracy), Share("macro-f1", MacroF1),
        Share("macro-recall", scores => (scores as ClassificationScores)?.MacroRecall), Error("log-loss", scores => (scores as ClassificationScores)?.LogLoss),
    ];

    private static readonly Metric[] OfLabels =
    [
        Share("mean-average-precision", scores => (scores as LabelScores)?.MeanAveragePrecision), Share("macro-f1", MacroF1),
        Share("micro-f1", scores => (scores as LabelScores)?.MicroF1),
    ];

    private static readonly Metric[] OfOneValue =
    [
        Explained("r2", scores => (scores as RegressionScores)?.R2), Explained("r2-of-logarithms", scores => (scores as RegressionScores)?.R2OfLogarithms),
        Error("rmse", scores => (scores as RegressionScores)?.RootMeanSquaredError), Error("mae", scores => (scores as RegressionScores)?.MeanAbsoluteError),
        Error("median-relative-error", scores => (scores as RegressionScores)?.MedianRelativeError),
    ];

    private static readonly Metric[] OfSeveralValues = [Explained("mean-r2", scores => (scores as MultiValueScores)?.MeanR2)];

    /// <summary>Whatever figure the scores hold to be their main one: accuracy, mean average precision, R2.</summary>
    public static Metric Main { get; } = new("main", true, scores => scores.Main) { Highest = 1 };

    /// <summary>Every metric there is, <see cref="Main"/> left out.</summary>
    public static IReadOnlyList<Metric> All { get; } = [.. OfClasses.Concat(OfLabels).Concat(OfOneValue).Concat(OfSeveralValues).DistinctBy(metric => metric.Name)];

    /// <summary>The least value there can be.</summary>
    public double Lowest { get; init; } = double.NegativeInfinity;

    /// <summary>The largest value there can be.</summary>
    public double Highest { get; init; } = double.PositiveInfinity;

    /// <summary>Those that tell something of <paramref name="task"/>; of values, of one target or of several.</summary>
    public static IReadOnlyList<Metric> For(HeadTask task, int targets = 1) =>
        task == HeadTask.Classes ? OfClasses : task == HeadTask.Labels ? OfLabels : targets == 1 ? OfOneValue : OfSeveralValues;

    /// <summary>The metric of this name.</summary>
    /// <exception cref="OnnxTransferException">There is none; the message lists those there are.</exception>
    public static Metric ByName(string name) => All.FirstOrDefault(metric => metric.Name == name)
        ?? throw new OnnxTransferException($"no metric '{name}'; expected one of: {string.Join(", ", All.Select(metric => metric.Name))}");

    /// <summary>Its name.</summary>
    public override string ToString() => Name;

    /// <summary>An interval within the values there can be.</summary>
    internal Interval Clip(Interval interval) => new(Math.Max(interval.Low, Lowest), Math.Min(interval.High, Highest));

    private static Metric Share(string name, Func<Scores, double?> of) => new(name, true, scores => of(scores) ?? double.NaN) { Lowest = 0, Highest = 1 };

    private static Metric Explained(string name, Func<Scores, double?> of) => new(name, true, scores => of(scores) ?? double.NaN) { Highest = 1 };

    private static Metric Error(string name, Func<Scores, double?> of) => new(name, false, scores => of(scores) ?? double.NaN) { Lowest = 0 };

    private static double? MacroF1(Scores scores) => (scores as ClassificationScores)?.MacroF1 ?? (scores as LabelScores)?.MacroF1;
}
