using System.Globalization;

namespace OnnxTransfer.Evaluation;

/// <summary>Scores of all folds of all repetitions; the summary is over <see cref="Scores.Main"/> of each.</summary>
public sealed record CrossValidationScores
{
    /// <summary>One entry per repetition and fold, in that order.</summary>
    public required IReadOnlyList<FoldScores> Folds { get; init; }

    /// <summary>"accuracy" or "R2".</summary>
    public string MainName => Folds[0].Scores.MainName;

    /// <summary>Mean over the folds.</summary>
    public double Mean => Sorted().Average();

    /// <summary>Median over the folds.</summary>
    public double Median => Bootstrap.Quantile(Sorted(), 0.5);

    /// <summary>
    /// Sample standard deviation over the folds. Folds share train rows, so that it understates the spread over fresh data
    /// (Bengio and Grandvalet 2004).
    /// </summary>
    public double StandardDeviation
    {
        get
        {
            double mean = Mean;
            return Math.Sqrt(Sorted().Sum(value => (value - mean) * (value - mean)) / (Folds.Count - 1));
        }
    }

    /// <summary>Worst fold.</summary>
    public double Minimum => Sorted()[0];

    /// <summary>Best fold.</summary>
    public double Maximum => Sorted()[^1];

    /// <summary>One line: "accuracy 0.912 +- 0.011 (median 0.913, 0.893 to 0.931 over 10 folds)".</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{MainName} {Mean:f4} +- {StandardDeviation:f4} (median {Median:f4}, {Minimum:f4} to {Maximum:f4} over {Folds.Count} folds)");

    private double[] Sorted() => [.. Folds.Select(fold => fold.Scores.Main).Order()];
}
