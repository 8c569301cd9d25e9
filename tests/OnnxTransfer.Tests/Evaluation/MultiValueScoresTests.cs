using OnnxTransfer.Evaluation;
using OnnxTransfer.Numerics;
using OnnxTransfer.Tests.Numerics;

namespace OnnxTransfer.Tests.Evaluation;

public sealed class MultiValueScoresTests
{
    [Fact]
    public void Equal_scikit_learns()
    {
        var golden = GoldenFile.Read("Evaluation", "shift.json").GetProperty("multiple");
        double[] targets = golden.Doubles("targets");
        var values = new Matrix(targets.Length / 3, 3, golden.Floats("values"));
        var scores = MultiValueScores.Of(values, targets, ["a", "b", "c"]);
        Assert.Equal(golden.Double("meanR2"), scores.MeanR2, 1e-9);
        Assert.Equal(["a", "b", "c"], scores.PerTarget.Select(target => target.Name));
        Assert.All(golden.Doubles("r2").Zip(scores.PerTarget), pair => Assert.Equal(pair.First, pair.Second.Scores.R2, 1e-9));
        Assert.All(golden.Doubles("rmse").Zip(scores.PerTarget), pair => Assert.Equal(pair.First, pair.Second.Scores.RootMeanSquaredError, 1e-9));
        Assert.InRange(scores.MeanR2, scores.MeanR2Interval.Low, scores.MeanR2Interval.High);
        Assert.Equal(("mean R2", scores.MeanR2, scores.MeanR2Interval, 60), (scores.MainName, scores.Main, scores.MainInterval, scores.Count));
        Assert.StartsWith("mean R2    0.", scores.ToString(), StringComparison.Ordinal);
        Assert.Contains("\n  b: R2 0.", scores.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void One_target_alone_has_the_interval_of_a_regression()
    {
        double[] targets = [1, 2, 3, 4, 7], values = [1.5, 2, 2, 4, 6];
        var single = RegressionScores.Of(values, targets);
        var scores = MultiValueScores.Of(new Matrix(5, 1, Array.ConvertAll(values, value => (float)value)), targets, ["a"]);
        Assert.Equal((single.R2, single.R2Interval), (scores.MeanR2, scores.MeanR2Interval));
    }

    [Fact]
    public void What_cannot_be_measured_is_refused()
    {
        Assert.Equal(
            "2 x 1 values for 2 targets and 2 names; expected 2 x 2 of both",
            Assert.Throws<ArgumentException>(() => MultiValueScores.Of(new Matrix(2, 1), [1, 2], ["a", "b"])).Message);
        Assert.StartsWith(
            "target 'b': row 0 has the value 0 and the target NaN; expected finite numbers",
            Assert.Throws<ArgumentException>(() => MultiValueScores.Of(new Matrix(1, 2), [1, double.NaN], ["a", "b"])).Message, StringComparison.Ordinal);
    }
}
