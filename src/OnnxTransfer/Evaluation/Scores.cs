namespace OnnxTransfer.Evaluation;

/// <summary>How good a head is on some rows: <see cref="ClassificationScores"/> or <see cref="RegressionScores"/>.</summary>
public abstract record Scores
{
    private protected Scores()
    {
    }

    /// <summary>Rows measured on.</summary>
    public required int Count { get; init; }

    /// <summary>Name of the one score by which heads are compared: "accuracy" or "R2".</summary>
    public abstract string MainName { get; }

    /// <summary>That score; higher is better.</summary>
    public abstract double Main { get; }

    /// <summary>Its confidence interval.</summary>
    public abstract Interval MainInterval { get; }
}
