namespace OnnxTransfer.Heads;

/// <summary>
/// The L2 values to choose from: evenly spaced in their logarithm, tried from strong to weak, each fit starting where the
/// one before ended (Friedman, Hastie and Tibshirani 2010 on regularisation paths).
/// </summary>
public sealed record L2Search
{
    /// <summary>Weakest penalty.</summary>
    public double Minimum { get; init; } = 1e-6;

    /// <summary>Strongest penalty.</summary>
    public double Maximum { get; init; } = 10;

    /// <summary>How many values, both ends included.</summary>
    public int Count { get; init; } = 15;

    /// <summary>Weaker values are no longer tried after so many in a row did not improve on the best score.</summary>
    public int Patience { get; init; } = 3;

    /// <summary>The part of the rows that is held out where no row is marked as validation.</summary>
    public double HeldOut { get; init; } = 0.2;

    /// <summary>Taken where nothing can be held out: one row, one group, or a class that would lose its only row.</summary>
    public double Fallback { get; init; } = 1e-2;

    /// <summary>Decides which rows are held out.</summary>
    public long Seed { get; init; }

    /// <summary>The values, strongest first.</summary>
    /// <exception cref="FitException">The settings describe no path.</exception>
    public IReadOnlyList<double> Values()
    {
        if (!(Minimum > 0 && Maximum >= Minimum && double.IsFinite(Maximum)) || Count < 1 || Patience < 1 || !(HeldOut is > 0 and <= 0.5)
            || !(Fallback > 0 && double.IsFinite(Fallback)))
        {
            throw new FitException(
                $"L2Search from {Minimum} to {Maximum} with Count = {Count}, Patience = {Patience}, HeldOut = {HeldOut}, Fallback = {Fallback} describes no path; " +
                "expected 0 < Minimum <= Maximum, Count and Patience of at least 1, HeldOut above 0 and at most 0.5, Fallback above 0");
        }

        double ratio = Count == 1 ? 1 : Math.Pow(Minimum / Maximum, 1.0 / (Count - 1));
        return [.. Enumerable.Range(0, Count).Select(i => i == Count - 1 && Count > 1 ? Minimum : Maximum * Math.Pow(ratio, i))];
    }
}
