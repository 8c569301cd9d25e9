using System.Globalization;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Evaluation;

/// <summary>Scores of several predicted values a row, each by itself and their mean R2 (scikit-learn's uniform_average).</summary>
public sealed record MultiValueScores : Scores
{
    /// <summary>Mean over the targets of <see cref="RegressionScores.R2"/>.</summary>
    public required double MeanR2 { get; init; }

    /// <summary>95 % interval of <see cref="MeanR2"/>: 2,000 seeded resamples of rows, or of groups where there are any, for all targets at once.</summary>
    public required Interval MeanR2Interval { get; init; }

    /// <summary>Every target by itself.</summary>
    public required IReadOnlyList<TargetScores> PerTarget { get; init; }

    /// <inheritdoc/>
    public override string MainName => "mean R2";

    /// <inheritdoc/>
    public override double Main => MeanR2;

    /// <inheritdoc/>
    public override Interval MainInterval => MeanR2Interval;

    /// <summary>Measures.</summary>
    /// <param name="values">N x m predicted values.</param>
    /// <param name="targets">N x m right ones, row by row.</param>
    /// <param name="names">m names.</param>
    /// <param name="groups">Group per row, or empty.</param>
    /// <param name="seed">Of the intervals' resamples.</param>
    /// <exception cref="ArgumentException">Sizes do not fit, there are no rows, or a number is not finite; the message names target and row.</exception>
    public static MultiValueScores Of(IRows values, double[] targets, IReadOnlyList<string> names, string[]? groups = null, long seed = 0)
    {
        int width = names.Count;
        if (values.Width != width || targets.Length != values.Count * width)
        {
            throw new ArgumentException(
                $"{values.Count} x {values.Width} values for {targets.Length} targets and {width} names; expected {values.Count} x {width} of both");
        }

        var perTarget = new TargetScores[width];
        var columns = new List<double[]>();
        for (int t = 0; t < width; t++)
        {
            double[] predicted = [.. Enumerable.Range(0, values.Count).Select(i => (double)values[i][t])];
            double[] right = [.. Enumerable.Range(0, values.Count).Select(i => targets[(i * width) + t])];
            try
            {
                perTarget[t] = new TargetScores(names[t], RegressionScores.Of(predicted, right, groups, seed));
            }
            catch (ArgumentException error)
            {
                throw new ArgumentException($"target '{names[t]}': {error.Message}", error);
            }

            columns.AddRange(RegressionScores.Columns(predicted, right));
        }

        return new MultiValueScores
        {
            Count = values.Count,
            MeanR2 = perTarget.Average(target => target.Scores.R2),
            MeanR2Interval = Bootstrap.Of([.. columns], groups ?? [], seed,
                sums => sums.Chunk(RegressionScores.ColumnCount).Average(RegressionScores.R2OfSums)),
            PerTarget = perTarget,
        };
    }

    /// <summary>A readable summary: the mean, then a line for each target.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"mean R2    {MeanR2:f4}  (95 %: {MeanR2Interval}, {Count} rows)") +
        string.Concat(PerTarget.Select(target => string.Create(CultureInfo.InvariantCulture,
            $"\n  {target.Name}: R2 {target.Scores.R2:f4} ({target.Scores.R2Interval}), RMSE {target.Scores.RootMeanSquaredError:g6}, MAE {target.Scores.MeanAbsoluteError:g6}")));
}
