namespace OnnxTransfer.Evaluation;

/// <summary>What transfer bought: <see cref="TransferStudy"/>'s result.</summary>
public sealed record TransferResult
{
    /// <summary>What performance is: "accuracy", "micro F1", "R2" or "mean R2"; higher is better in all.</summary>
    public required string MeasureName { get; init; }

    /// <summary>The performance of always answering the test items' commonest class, or their mean; NaN for several labels an item.</summary>
    public required double Chance { get; init; }

    /// <summary>Test items every way answered.</summary>
    public required int TestItems { get; init; }

    /// <summary>Every way at every share, shares ascending, ways in their order.</summary>
    public required IReadOnlyList<TransferPoint> Points { get; init; }

    /// <summary>Every way with transfer against scratch, and fine-tuned against the probe, at every share where neither failed.</summary>
    public required IReadOnlyList<TransferComparison> Comparisons { get; init; }

    /// <summary>With how many labels scratch catches up with every way with transfer at all labels.</summary>
    public required IReadOnlyList<TransferReach> CatchUps { get; init; }

    /// <summary>With how many labels every way with transfer reaches scratch at all labels: what labels it saves.</summary>
    public required IReadOnlyList<TransferReach> Savings { get; init; }

    /// <summary>Answers that an earlier run had found.</summary>
    public required int Kept { get; init; }

    /// <summary>Answers that this run found.</summary>
    public required int Made { get; init; }

    /// <summary>What it comes to, in words, a sentence each: whether transfer paid, what is not beyond the noise, what failed.</summary>
    public IReadOnlyList<string> Verdict => TransferVerdict.Of(this);

    /// <summary>The largest share.</summary>
    public double Whole => Points[^1].Share;

    /// <summary>A way with all labels; null where it was left out.</summary>
    public TransferPoint? At(string way) => Points.FirstOrDefault(point => point.Way == way && point.Share == Whole);

    /// <summary>A comparison at a share; null where there is none, since a way was left out or failed.</summary>
    public TransferComparison? Compare(string way, string other, double share) =>
        Comparisons.FirstOrDefault(comparison => comparison.Way == way && comparison.Base == other && comparison.Share == share);
}
