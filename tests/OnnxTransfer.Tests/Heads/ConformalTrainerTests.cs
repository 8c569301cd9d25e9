using System.Globalization;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Heads;

namespace OnnxTransfer.Tests.Heads;

public sealed class ConformalTrainerTests
{
    [Fact]
    public void An_interval_that_covers_too_little_is_widened_to_what_it_promises()
    {
        var (set, fresh) = (Planted.Values(150, 60, noise: 2), Planted.Values(2000, 60, noise: 2, seed: 5));
        var plain = new QuantileRegression { Coverage = 0.8, L2 = 1e-3 };
        double before = plain.Fit(set).EvaluateValues(fresh).IntervalCoverage!.Value;
        var (head, report) = new ConformalTrainer(plain, 0.8).FitAndReport(set);
        double after = head.EvaluateValues(fresh).IntervalCoverage!.Value;

        Assert.InRange(before, 0.2, 0.7);
        Assert.InRange(after, 0.72, 0.95);
        Assert.Contains("0.80 asked; both ends were moved by", report.Notes[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void The_margin_is_the_rank_that_theory_asks_for()
    {
        // One column of zeros: the quantiles are constants, so that the margin is an order statistic of the validation rows.
        var set = Planted.Values(50, 1).With((_, _, _) => 0) with { Targets = [.. Enumerable.Range(0, 50).Select(i => (double)i)] };
        var marked = set with { Splits = [.. Enumerable.Range(0, 50).Select(i => i % 5 == 0 ? OnnxTransfer.Datasets.Split.Validation : OnnxTransfer.Datasets.Split.Train)] };
        var trainer = new QuantileRegression { Coverage = 0.5, L2 = 1 };
        var (_, report) = new ConformalTrainer(trainer, 0.5).FitAndReport(marked);
        var fitted = trainer.Fit(marked.Subset([.. Enumerable.Range(0, 50).Where(i => i % 5 != 0)]));
        var ends = fitted.Predict(set.Rows)[0];
        double[] beyond = [.. Enumerable.Range(0, 10).Select(i => Math.Max(fitted.Predict(set.Rows)[0][0] - (5.0 * i), (5.0 * i) - fitted.Predict(set.Rows)[0][2])).Order()];

        Assert.InRange(ends[0], 10, 14);
        Assert.Equal(beyond[5], double.Parse(report.Settings["margin"], CultureInfo.InvariantCulture), 1e-5); // ceil(11 x 0.5) = 6th of 10
    }

    [Fact]
    public void Other_heads_pass_through()
    {
        var set = Planted.Values(60, 3);
        Assert.Equal(
            new RidgeRegression { L2 = 1e-2 }.Fit(set).Predict(set.Rows).Values,
            ((IHeadTrainer)new ConformalTrainer(new RidgeRegression { L2 = 1e-2 }, 0.9)).Fit(set).Predict(set.Rows).Values);
        Assert.Contains("Coverage above 0 and below 1", Assert.Throws<FitException>(
            () => new ConformalTrainer(new QuantileRegression(), 1.5).FitAndReport(set)).Message, StringComparison.Ordinal);
    }
}
