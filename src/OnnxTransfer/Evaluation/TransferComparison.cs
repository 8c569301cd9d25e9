namespace OnnxTransfer.Evaluation;

/// <summary>
/// What one way brings over another with the same labels, on the same test items: the "asymptotic advantage" and, per share,
/// the "transfer ratio" of Torrey and Shavlik (2010). Both intervals resample test items in pairs, 2,000 times.
/// </summary>
/// <param name="Way">The way in question.</param>
/// <param name="Base">The way it is compared to.</param>
/// <param name="Share">The share of the labels both used.</param>
/// <param name="Labels">The labels both used.</param>
/// <param name="Gain">Transfer gain: the way's performance - the base's; negative where the base is better.</param>
/// <param name="GainInterval">Its 95 % interval.</param>
/// <param name="Rate">
/// Transfer rate: the way's performance / the base's. NaN where the base's is 0 or below (an R2 can be: there is nothing to take
/// a part of): look at <see cref="Gain"/> then.
/// </param>
/// <param name="RateInterval">
/// Its 95 % interval. A resample in which the base is 0 or below, and the way is not, counts as infinitely good; one in which both
/// are tells nothing and is left out. So the upper end may be infinite.
/// </param>
public sealed record TransferComparison(
    string Way, string Base, double Share, int Labels, double Gain, Interval GainInterval, double Rate, Interval RateInterval)
{
    /// <summary>1 where the gain's whole interval is above 0, -1 where it is below (negative transfer), 0 where it holds 0.</summary>
    public int Sign => GainInterval.Low > 0 ? 1 : GainInterval.High < 0 ? -1 : 0;

    /// <summary>Compares two points of the same share that did not fail.</summary>
    internal static TransferComparison Of(TransferPoint way, TransferPoint other, TransferMeasure measure, long seed)
    {
        int width = way.Columns.Length;
        double[][] both = [.. way.Columns, .. other.Columns];
        var gain = Bootstrap.Of(both, measure.Groups, seed, sums => measure.Of(sums[..width]) - measure.Of(sums[width..]));
        bool hasRate = other.Performance > 0;
        var rate = hasRate
            ? Bootstrap.Of(both, measure.Groups, seed, sums => Quotient(measure.Of(sums[..width]), measure.Of(sums[width..])))
            : new Interval(double.NaN, double.NaN);
        return new(
            way.Way, other.Way, way.Share, way.Labels, way.Performance - other.Performance, gain, hasRate ? way.Performance / other.Performance : double.NaN, rate);
    }

    private static double Quotient(double way, double other) => other > 0 ? way / other : way > 0 ? double.PositiveInfinity : double.NaN;
}
