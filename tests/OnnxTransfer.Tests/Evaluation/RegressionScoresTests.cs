using OnnxTransfer.Evaluation;
using OnnxTransfer.Tests.Numerics;

namespace OnnxTransfer.Tests.Evaluation;

public sealed class RegressionScoresTests
{
    [Fact]
    public void Equal_scikit_learns()
    {
        var golden = GoldenFile.Read("Evaluation", "scores.json").GetProperty("regression");
        var scores = RegressionScores.Of(golden.Doubles("values"), golden.Doubles("targets"));
        Assert.Equal(golden.Double("r2"), scores.R2, 1e-12);
        Assert.Equal(golden.Double("rmse"), scores.RootMeanSquaredError, 1e-9);
        Assert.Equal(golden.Double("mae"), scores.MeanAbsoluteError, 1e-9);
        Assert.Equal(golden.Double("medianRelativeError"), scores.MedianRelativeError, 1e-12);
        Assert.InRange(scores.R2, scores.R2Interval.Low, scores.R2Interval.High);
        Assert.InRange(scores.R2Interval.High - scores.R2Interval.Low, 0.02, 0.3);
    }

    [Fact]
    public void Edges_follow_scikit_learn()
    {
        Assert.True(double.IsNaN(RegressionScores.Of([1], [1]).R2));
        Assert.Equal(1, RegressionScores.Of([2, 2], [2, 2]).R2);
        Assert.Equal(0, RegressionScores.Of([2, 3], [2, 2]).R2);
        Assert.Equal(-3, RegressionScores.Of([2, 0], [0, 2]).R2);
        Assert.Equal(double.PositiveInfinity, RegressionScores.Of([1, 1, 5], [0, 0, 5]).MedianRelativeError);
        Assert.Equal(0, RegressionScores.Of([0, 0, 5], [0, 0, 4]).MedianRelativeError);
    }

    [Fact]
    public void A_target_far_from_0_costs_no_precision()
    {
        double[] targets = [1e12 + 1, 1e12 + 2, 1e12 + 3, 1e12 + 4], values = [1e12 + 1, 1e12 + 2, 1e12 + 3, 1e12 + 5];
        Assert.Equal(0.8, RegressionScores.Of(values, targets).R2, 1e-9);
    }

    [Fact]
    public void What_cannot_be_measured_is_refused()
    {
        Assert.Equal(
            "row 1 has the value NaN and the target 2; expected finite numbers",
            Assert.Throws<ArgumentException>(() => RegressionScores.Of([1, double.NaN], [1, 2])).Message);
        Assert.Equal("1 values for 2 targets; expected one per target", Assert.Throws<ArgumentException>(() => RegressionScores.Of([1], [1, 2])).Message);
        Assert.Contains("no rows to measure on", Assert.Throws<ArgumentException>(() => RegressionScores.Of([], [])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Intervals_are_measured_by_what_they_hold_and_how_wide_they_are()
    {
        double[] targets = [1, 2, 3, 4], values = [1, 2, 3, 5];
        var scores = RegressionScores.OfIntervals([0, 2, 3.5, 4], values, [1, 3, 4, 6], targets);
        Assert.Equal((0.75, 1.125), (scores.IntervalCoverage, scores.MeanIntervalWidth));
        Assert.Equal(RegressionScores.Of(values, targets), scores with { IntervalCoverage = null, MeanIntervalWidth = null });
        Assert.EndsWith("\nintervals  hold 75.0 % of the targets at a mean width of 1.125", scores.ToString().Replace("75.0%", "75.0 %", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("row 2 has the value NaN", Assert.Throws<ArgumentException>(
            () => RegressionScores.OfIntervals([0, 2, double.NaN, 4], values, [1, 3, 4, 6], targets)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Prices_are_also_measured_by_their_logarithms()
    {
        double[] values = [100, 220, 310], targets = [120, 200, 400];
        var logs = RegressionScores.Of(Array.ConvertAll(values, Math.Log), Array.ConvertAll(targets, Math.Log));

        Assert.Equal(logs.R2, RegressionScores.Of(values, targets).R2OfLogarithms!.Value, 1e-12);
        Assert.Null(RegressionScores.Of([-1, 220], [120, 200]).R2OfLogarithms);
    }
}
