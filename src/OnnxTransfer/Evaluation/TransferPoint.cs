namespace OnnxTransfer.Evaluation;

/// <summary>How well one way does with one share of the labels: the mean over its repeats.</summary>
public sealed record TransferPoint
{
    /// <summary>The way's name.</summary>
    public required string Way { get; init; }

    /// <summary>The share of the labels, above 0, at most 1.</summary>
    public required double Share { get; init; }

    /// <summary>Labelled items it learned from; the mean over repeats, rounded.</summary>
    public required int Labels { get; init; }

    /// <summary>Performance on the test items; NaN where every repeat failed.</summary>
    public required double Performance { get; init; }

    /// <summary>
    /// 95 % interval of <see cref="Performance"/>: 2,000 seeded resamples of test items, or of groups where there are any. What another
    /// drawing of labels or another seed would change is not in it: <see cref="Deviation"/> tells that.
    /// </summary>
    public required Interval Interval { get; init; }

    /// <summary>Time of one training, mean over repeats; NaN where every repeat failed.</summary>
    public required double Seconds { get; init; }

    /// <summary>Standard deviation of the performance over repeats; null for fewer than two.</summary>
    public double? Deviation { get; init; }

    /// <summary>Why it failed, or some of its repeats did; null: it did not.</summary>
    public string? Failure { get; init; }

    /// <summary>What the ways of its repeats had to say.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>What the source task lost; null where that was not measured.</summary>
    public ProbeLoss? SourceLoss { get; init; }

    /// <summary>Means over repeats of <see cref="TransferMeasure.Columns"/>; empty where every repeat failed.</summary>
    internal double[][] Columns { get; init; } = [];
}
