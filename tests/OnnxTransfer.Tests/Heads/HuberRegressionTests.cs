using System.Text.Json;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Heads;
using OnnxTransfer.Numerics;
using OnnxTransfer.Tests.Numerics;

namespace OnnxTransfer.Tests.Heads;

public sealed class HuberRegressionTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)] // fewer rows than columns
    public void Finds_scikit_learns_coefficients(int number)
    {
        JsonElement reference = GoldenFile.Read("Heads", "huber.json").GetProperty("cases")[number];
        int rows = reference.GetProperty("rows").GetInt32();
        var set = new EmbeddingSet
        {
            Rows = new Matrix(rows, 20, GoldenFile.Read("Heads", "logistic.json").Floats("x")[..(rows * 20)]),
            Targets = reference.Doubles("targets"),
            Weights = reference.Doubles("weights"),
        };
        var (head, report) = new HuberRegression
        {
            L2 = reference.Double("l2"),
            Epsilon = reference.Double("epsilon"),
            Standardise = reference.GetProperty("standardise").GetBoolean(),
            Tolerance = 1e-7,
        }.FitAndReport(set);
        double scale = reference.Double("scale");
        Assert.Equal(scale, double.Parse(report.Settings["scale"], System.Globalization.CultureInfo.InvariantCulture), 1e-3 * scale);
        double[] coefficients = reference.Doubles("coefficients");
        double tolerance = 1e-3 * coefficients.Max(Math.Abs);
        Assert.All(coefficients.Zip(head.Weights), pair => Assert.Equal(pair.First, pair.Second, tolerance));
        Assert.Equal(reference.Double("intercept"), head.Bias[0], 10 * tolerance);
    }

    [Fact]
    public void Wrong_targets_do_not_bend_it()
    {
        var set = Planted.Values(300, 6);
        double[] targets = [.. set.Targets.Select((target, i) => i % 10 == 0 ? 1e6 : target)];
        var fresh = Planted.Values(300, 6, seed: 2);
        Assert.InRange(new HuberRegression().Fit(set with { Targets = targets }).EvaluateValues(fresh).R2, 0.98, 1);
        Assert.InRange(new RidgeRegression().Fit(set with { Targets = targets }).EvaluateValues(fresh).R2, double.NegativeInfinity, 0);
    }

    [Theory]
    [InlineData(1e12)]
    [InlineData(1e-9)]
    public void The_targets_unit_does_not_matter(double unit)
    {
        var scores = new HuberRegression().Fit(Planted.Values(200, 6, unit: unit)).EvaluateValues(Planted.Values(200, 6, unit: unit, seed: 2));
        Assert.InRange(scores.R2, 0.99, 1);
    }

    [Fact]
    public void Targets_beyond_float32_are_refused_not_saved() =>
        Assert.Contains("as heads predict float32: give the targets in a larger unit", Assert.Throws<FitException>(
            () => new HuberRegression { L2 = 1e-2 }.Fit(Planted.Values(50, 3, unit: 1e200))).Message, StringComparison.Ordinal);

    [Fact]
    public void Equal_targets_are_predicted_as_they_are()
    {
        var set = Planted.Values(50, 3) with { Targets = [.. Enumerable.Repeat(7.5, 50)] };
        Assert.All(new HuberRegression().Fit(set).Predict(set.Rows).Values, value => Assert.Equal(7.5f, value, 1e-4f));
        var one = Planted.Values(1, 3);
        Assert.Equal(one.Targets[0], new HuberRegression().Fit(one).Predict(one.Rows).Values[0], 1e-5);
    }

    [Fact]
    public void Targets_without_noise_are_met()
    {
        var set = Planted.Values(100, 5, noise: 0);
        var (head, report) = new HuberRegression { L2 = 0 }.FitAndReport(set);
        Assert.InRange(head.EvaluateValues(set).R2, 0.99999, 1);
        Assert.True(double.IsFinite(report.Objective!.Value));
    }

    [Fact]
    public void The_number_of_threads_changes_no_bit()
    {
        var set = Planted.Values(1500, 30, noise: 3);
        Assert.Equal(new HuberRegression { Threads = 1 }.Fit(set).Weights, new HuberRegression { Threads = 3 }.Fit(set).Weights);
    }

    [Fact]
    public void The_L2_is_chosen_by_the_absolute_error_on_validation_rows()
    {
        var set = Planted.Values(90, 60, noise: 6);
        var report = new HuberRegression().FitAndReport(set).Report;
        Assert.Equal(report.Path.MinBy(trial => trial.Score)!.Setting, report.Chosen);
        Assert.Equal("L2 chosen on 18 of 90 rows held out of the fit (seed 0); the final fit uses all", report.Notes[0]);
    }

    [Fact]
    public void A_log_target_is_predicted_in_its_own_unit()
    {
        var plain = Planted.Values(300, 5, noise: 0.05);
        var head = new HuberRegression { LogTarget = true, L2 = 1e-4 }.Fit(plain with { Targets = Array.ConvertAll(plain.Targets, Math.Exp) });
        Assert.Equal(Activation.Exponential, head.Activation);
        Assert.Equal(new HuberRegression { L2 = 1e-4 }.Fit(plain).Weights, head.Weights, (a, b) => Math.Abs(a - b) < 1e-4);
    }

    [Fact]
    public void What_cannot_be_fitted_is_refused()
    {
        var set = Planted.Values(4, 2);
        Assert.Equal(
            "the set holds 2 targets per row (width, height); HuberRegression fits one: fit a head for each, or RidgeRegression",
            Refusal(new HuberRegression(), set with { Targets = [1, 2, 3, 4, 5, 6, 7, 8], TargetNames = ["width", "height"] }));
        Assert.Equal(
            "row 2 (image2.png) has the target -1; LogTarget needs targets above 0: leave LogTarget out or remove the row",
            Refusal(new HuberRegression { LogTarget = true }, set with { Targets = [1, 2, -1, 4] }));
        Assert.Equal("Epsilon = 1; expected a finite number above 1, such as 1.35", Refusal(new HuberRegression { Epsilon = 1 }, set));
        Assert.Contains("the set holds labels, not targets", Refusal(new HuberRegression(), Planted.Classes(4, 2, 2)), StringComparison.Ordinal);
    }

    private static string Refusal(HuberRegression trainer, EmbeddingSet set) => Assert.Throws<FitException>(() => trainer.Fit(set)).Message;
}
