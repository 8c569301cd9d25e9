using System.Globalization;

namespace OnnxTransfer.Evaluation;

/// <summary>Scores of predicted values against targets, equal to scikit-learn's. Rows count alike; weights are not used.</summary>
public sealed record RegressionScores : Scores
{
    /// <summary>
    /// 1 - squared errors / squared distances of the targets from their mean; may be negative. NaN for a single row; where
    /// all targets are equal 1 if all are hit, else 0 (scikit-learn's force_finite).
    /// </summary>
    public required double R2 { get; init; }

    /// <summary>95 % interval of <see cref="R2"/>: 2,000 seeded resamples of rows, or of groups where there are any.</summary>
    public required Interval R2Interval { get; init; }

    /// <summary>
    /// <see cref="R2"/> of the logarithms, the usual measure for prices, whose errors grow with them; null where a value or a
    /// target is not positive.
    /// </summary>
    public double? R2OfLogarithms { get; init; }

    /// <summary>Root of the mean squared error, in the target's unit.</summary>
    public required double RootMeanSquaredError { get; init; }

    /// <summary>Mean absolute error, in the target's unit.</summary>
    public required double MeanAbsoluteError { get; init; }

    /// <summary>Median of |value - target| / |target|; a missed target of 0 counts as infinite, a hit one as 0.</summary>
    public required double MedianRelativeError { get; init; }

    /// <summary>Part of the targets within the predicted interval, ends included; null where none was predicted.</summary>
    public double? IntervalCoverage { get; init; }

    /// <summary>Mean width of the predicted intervals, in the target's unit; null where none was predicted.</summary>
    public double? MeanIntervalWidth { get; init; }

    /// <inheritdoc/>
    public override string MainName => "R2";

    /// <inheritdoc/>
    public override double Main => R2;

    /// <inheritdoc/>
    public override Interval MainInterval => R2Interval;

    /// <summary>Measures.</summary>
    /// <param name="values">N predicted values.</param>
    /// <param name="targets">N right ones.</param>
    /// <param name="groups">Group per row, or empty.</param>
    /// <param name="seed">Of the interval's resamples.</param>
    /// <exception cref="ArgumentException">Sizes do not fit, there are no rows, or a number is not finite; the message names the row.</exception>
    public static RegressionScores Of(double[] values, double[] targets, string[]? groups = null, long seed = 0)
    {
        Check(values, targets);
        int count = targets.Length;
        double[][] columns = Columns(values, targets);
        double[] errors = columns[0], squares = columns[1];
        double[] relative = [.. values.Zip(targets, (value, target) => value == target ? 0 : Math.Abs(value - target) / Math.Abs(target)).Order()];
        return new RegressionScores
        {
            Count = count,
            R2 = R2Of(errors.Sum(), squares.Sum(), count),
            R2Interval = Bootstrap.Of(columns, groups ?? [], seed, R2OfSums),
            R2OfLogarithms = Array.TrueForAll(values, IsPositive) && Array.TrueForAll(targets, IsPositive)
                ? R2Of(Array.ConvertAll(values, Math.Log), Array.ConvertAll(targets, Math.Log))
                : null,
            RootMeanSquaredError = Math.Sqrt(errors.Sum() / count),
            MeanAbsoluteError = errors.Sum(Math.Sqrt) / count,
            MedianRelativeError = Median(relative),
        };
    }

    /// <summary>Measures predictions with an interval each: <see cref="Of"/> of the values, and how well the intervals hold.</summary>
    /// <param name="low">N lower ends.</param>
    /// <param name="values">N predicted values.</param>
    /// <param name="high">N upper ends.</param>
    /// <param name="targets">N right ones.</param>
    /// <param name="groups">Group per row, or empty.</param>
    /// <param name="seed">Of the resamples behind <see cref="R2Interval"/>.</param>
    /// <exception cref="ArgumentException">Sizes do not fit, there are no rows, or a number is not finite; the message names the row.</exception>
    public static RegressionScores OfIntervals(
        double[] low, double[] values, double[] high, double[] targets, string[]? groups = null, long seed = 0)
    {
        Check(low, targets);
        Check(high, targets);
        return Of(values, targets, groups, seed) with
        {
            IntervalCoverage = Enumerable.Range(0, targets.Length).Count(i => low[i] <= targets[i] && targets[i] <= high[i]) / (double)targets.Length,
            MeanIntervalWidth = high.Zip(low, (upper, lower) => upper - lower).Average(),
        };
    }

    /// <summary>A readable summary, one score a line.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"R2         {R2:f4}  (95 %: {R2Interval}, {Count} rows)\n{LogarithmsLine()}" +
        $"RMSE       {RootMeanSquaredError:g6}\n" +
        $"MAE        {MeanAbsoluteError:g6}\n" +
        $"median relative error {MedianRelativeError:p1}{IntervalLine()}");

    /// <summary>How many columns <see cref="Columns"/> makes.</summary>
    internal const int ColumnCount = 4;

    /// <summary>What R2 is a function of the sums of: squared errors; squared and plain distances of the targets from their mean; ones.</summary>
    internal static double[][] Columns(double[] values, double[] targets)
    {
        double mean = targets.Average();
        double[] centred = Array.ConvertAll(targets, target => target - mean);
        return
        [
            [.. values.Zip(targets, (value, target) => (value - target) * (value - target))],
            Array.ConvertAll(centred, distance => distance * distance),
            centred,
            Array.ConvertAll(targets, _ => 1.0),
        ];
    }

    /// <summary>R2 from the sums of <see cref="Columns"/>.</summary>
    internal static double R2OfSums(double[] sums) => R2Of(sums[0], sums[1] - (sums[2] * sums[2] / sums[3]), sums[3]);

    private static void Check(double[] values, double[] targets)
    {
        if (targets.Length == 0)
        {
            throw new ArgumentException("there are no rows to measure on; expected at least one row with a target");
        }

        if (values.Length != targets.Length)
        {
            throw new ArgumentException($"{values.Length} values for {targets.Length} targets; expected one per target");
        }

        for (int i = 0; i < targets.Length; i++)
        {
            if (!double.IsFinite(targets[i]) || !double.IsFinite(values[i]))
            {
                throw new ArgumentException($"row {i} has the value {values[i]} and the target {targets[i]}; expected finite numbers");
            }
        }
    }

    private string LogarithmsLine() =>
        R2OfLogarithms is { } value ? string.Create(CultureInfo.InvariantCulture, $"R2 of logs {value:f4}\n") : "";

    private string IntervalLine() => IntervalCoverage is { } coverage
        ? string.Create(CultureInfo.InvariantCulture, $"\nintervals  hold {coverage:p1} of the targets at a mean width of {MeanIntervalWidth:g6}")
        : "";

    private static bool IsPositive(double value) => value > 0;

    private static double R2Of(double[] values, double[] targets)
    {
        double mean = targets.Average();
        return R2Of(values.Zip(targets, (value, target) => (value - target) * (value - target)).Sum(),
            targets.Sum(target => (target - mean) * (target - mean)), targets.Length);
    }

    private static double R2Of(double errors, double spread, double count)
    {
        if (count < 2)
        {
            return double.NaN;
        }

        return spread > 0 ? 1 - (errors / spread) : errors == 0 ? 1 : 0;
    }

    private static double Median(double[] sorted)
    {
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 || sorted[middle - 1] == sorted[middle] ? sorted[middle] : 0.5 * (sorted[middle - 1] + sorted[middle]);
    }
}
