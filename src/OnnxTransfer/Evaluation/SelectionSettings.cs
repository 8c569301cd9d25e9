namespace OnnxTransfer.Evaluation;

/// <summary>How heads are compared.</summary>
public sealed record SelectionSettings
{
    /// <summary>Folds of a repetition: stratified by class, groups kept whole.</summary>
    public int Folds { get; init; } = 5;

    /// <summary>Repetitions, each with folds of its own; only those that every head finished count.</summary>
    public int Repeats { get; init; } = 1;

    /// <summary>Decides the folds.</summary>
    public long Seed { get; init; }

    /// <summary>What the best is best at.</summary>
    public Metric Metric { get; init; } = Metric.Main;

    /// <summary>
    /// No fit begins, and the one in work is ended, after this time; null: no limit. The first head's first repetition is
    /// always carried to its end.
    /// </summary>
    public TimeSpan? TimeBudget { get; init; }
}
