using OnnxTransfer.Embeddings;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Heads;
using OnnxTransfer.Numerics;
using OnnxTransfer.Tests.Heads;

namespace OnnxTransfer.Tests.Evaluation;

public sealed class HeadSelectionTests
{
    private static readonly IHeadTrainer Weak = new LogisticRegression { L2 = 1e3 };
    private static readonly IHeadTrainer Strong = new LogisticRegression { L2 = 1e-2 };

    [Fact]
    public void Picks_the_better_and_says_that_it_is_no_noise()
    {
        var set = Planted.Values(200, 6);
        var result = HeadSelection.Run([("flat", new RidgeRegression { L2 = 1e3 }), ("good", new RidgeRegression { L2 = 1e-3 })], set, new SelectionSettings { Seed = 3 });
        Assert.Equal(["good", "flat"], result.Candidates.Select(candidate => candidate.Name));
        Assert.Equal(CrossValidation.Run(result.Best.Trainer, set, 5, 1, 3).Mean, result.Best.Mean);
        Assert.Equal((5, 1), (result.Folds, result.Repeats));
        Assert.InRange(result.Candidates[1].PValue, 0, 1e-3);
        Assert.InRange(result.Best.Mean, result.Best.Interval.Low, result.Best.Interval.High);
        Assert.StartsWith("good is best by R2, 0.99", result.Verdict, StringComparison.Ordinal);
        Assert.EndsWith("no other comes near enough for that to be noise (p < 0.05)", result.Verdict, StringComparison.Ordinal);
    }

    [Fact]
    public void Says_when_the_lead_may_be_noise()
    {
        var set = Planted.Classes(60, 4, 3, distance: 0.4);
        var result = HeadSelection.Run([("one", new LogisticRegression { L2 = 1e-2 }), ("other", new LogisticRegression { L2 = 1.1e-2 })], set, new SelectionSettings { Repeats = 2 });
        Assert.Single(result.Ties);
        Assert.Contains("may be noise", result.Verdict, StringComparison.Ordinal);
        Assert.Equal(10, result.Best.Scores!.Folds.Count);
    }

    [Fact]
    public void The_metric_decides()
    {
        var set = Planted.Classes(150, 5, 3, distance: 0.6);
        (string, IHeadTrainer)[] heads = [("weak", Weak), ("strong", Strong)];
        var byLoss = HeadSelection.Run(heads, set, new SelectionSettings { Metric = Metric.ByName("log-loss") });
        Assert.Equal("strong", byLoss.Best.Name);
        Assert.InRange(byLoss.Best.Mean, 0, byLoss.Candidates[1].Mean);
        Assert.Contains("cannot be told", Assert.Throws<FitException>(() => HeadSelection.Run(heads, set, new SelectionSettings { Metric = Metric.ByName("r2") })).Message, StringComparison.Ordinal);
        Assert.Contains("expected one of: accuracy, macro-f1", Assert.Throws<OnnxTransferException>(() => Metric.ByName("roc")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_head_that_cannot_be_fitted_is_left_out_with_its_reason()
    {
        var set = Planted.Classes(40, 3, 2);
        var result = HeadSelection.Run([("ridge", new RidgeRegression { L2 = 1 }), ("logistic", Strong)], set);
        Assert.Equal("logistic", result.Best.Name);
        Assert.Contains("labels, not targets", result.Candidates[1].LeftOut, StringComparison.Ordinal);
        Assert.Contains("there was no other to compare it with", result.Verdict, StringComparison.Ordinal);
        Assert.Contains("no head could be fitted: ridge: ", Assert.Throws<FitException>(() => HeadSelection.Run([("ridge", new RidgeRegression())], set)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_spent_budget_leaves_the_rest_out_but_never_the_first()
    {
        var set = Planted.Classes(60, 3, 3);
        var told = new List<string>();
        var result = HeadSelection.Run([("first", Strong), ("second", Weak)], set, new SelectionSettings { Repeats = 3, TimeBudget = TimeSpan.Zero }, told.Add);
        Assert.Equal(("first", 1), (result.Best.Name, result.Repeats));
        Assert.Equal("the time budget of 0 s was over", result.Candidates[1].LeftOut);
        Assert.Equal(2, told.Count);
    }

    [Fact]
    public void A_cancelled_comparison_ends()
    {
        using var source = new CancellationTokenSource();
        source.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => HeadSelection.Run([("one", Strong)], Planted.Classes(30, 2, 2), cancellation: source.Token));
    }

    // By scipy: 2 * t.cdf(-mean / e, 4) and t.ppf(.975, 4), e = sqrt((1/5 + 1/4) * d.var(ddof=1)).
    [Fact]
    public void Intervals_and_p_values_are_corrected_for_overlapping_folds()
    {
        double[] differences = [0.01, 0.03, -0.01, 0.02, 0.04];
        double error = Math.Sqrt(0.45 * 0.00037);
        Assert.Equal(0.018 - (2.776445105 * error), CorrectedT.Interval(differences, 0.25).Low, 1e-9);
        Assert.Equal(0.23549636025944304, CorrectedT.PValue(differences, 0.25), 1e-6);
        Assert.Equal(1, CorrectedT.PValue([0, 0, 0], 0.25));
        Assert.True(double.IsNaN(CorrectedT.PValue([0.1], 0.25)));
    }
}
