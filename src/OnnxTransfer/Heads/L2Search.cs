namespace OnnxTransfer.Heads;

/// <summary>
/// The L2 values to choose from: evenly spaced in their logarithm, tried from strong to weak, each fit starting where the
/// one before ended (Friedman, Hastie and Tibshirani 2010 on regularisation paths).
/// </summary>
public sealed record L2Search
{
    /// <summary>
    /// The field's protocol for linear probes (Kornblith, Shlens and Le, CVPR 2019; Ericsson, Gouk and Hospedales, CVPR 2021):
    /// 45 values of lambda, evenly spaced in their logarithm from 1e-6 to 1e5, all of them tried, and the best fitted again
    /// on train and validation rows together. Their lambda is scikit-learn's 1 / C, see <see cref="OfSummedLoss"/>. They
    /// choose by accuracy; here the lowest log loss is chosen. They do not standardise: set Standardise = false to do likewise.
    /// Add <c>with { Patience = 5 }</c> to leave out weak values that no longer help.
    /// </summary>
    public static L2Search Field { get; } = new() { Minimum = 1e-6, Maximum = 1e5, Count = 45, Patience = 45, OfSummedLoss = true };

    /// <summary>Weakest penalty.</summary>
    public double Minimum { get; init; } = 1e-6;

    /// <summary>Strongest penalty.</summary>
    public double Maximum { get; init; } = 10;

    /// <summary>How many values, both ends included.</summary>
    public int Count { get; init; } = 15;

    /// <summary>Weaker values are no longer tried after so many in a row did not improve on the best score.</summary>
    public int Patience { get; init; } = 3;

    /// <summary>
    /// The values are meant beside the sum of the rows' losses, as scikit-learn's 1 / C and Ridge's alpha are, and not beside
    /// their mean, as a trainer's L2 is: each is divided by the sum of the weights (the number of rows) of the set that is
    /// fitted. So the final fit, on more rows than the path's, is at the same lambda, and its L2 is smaller. The table shows
    /// every value as the L2 of the final fit.
    /// </summary>
    public bool OfSummedLoss { get; init; }

    /// <summary>The part of the rows that is held out where no row is marked as validation.</summary>
    public double HeldOut { get; init; } = 0.2;

    /// <summary>The trainer's L2 where nothing can be held out: one row, one group, or a class that would lose its only row.</summary>
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
