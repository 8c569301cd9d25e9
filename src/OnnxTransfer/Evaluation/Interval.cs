using System.Globalization;

namespace OnnxTransfer.Evaluation;

/// <summary>A 95 % confidence interval from the percentile bootstrap (Efron 1979).</summary>
/// <param name="Low">2.5th percentile of the resampled scores.</param>
/// <param name="High">97.5th percentile.</param>
public readonly record struct Interval(double Low, double High)
{
    /// <summary>"0.912 to 0.934".</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Low:f4} to {High:f4}");
}
