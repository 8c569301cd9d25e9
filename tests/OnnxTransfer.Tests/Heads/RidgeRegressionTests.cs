using System.Text.Json;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Heads;
using OnnxTransfer.Numerics;
using OnnxTransfer.Tests.Numerics;

namespace OnnxTransfer.Tests.Heads;

public sealed class RidgeRegressionTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)] // fewer rows than columns
    [InlineData(4)]
    public void Finds_scikit_learns_coefficients(int number)
    {
        JsonElement reference = GoldenFile.Read("Heads", "ridge.json").GetProperty("cases")[number];
        int rows = reference.GetProperty("rows").GetInt32();
        float[] x = GoldenFile.Read("Heads", "logistic.json").Floats("x");
        var set = new EmbeddingSet
        {
            Rows = new Matrix(rows, 20, x[..(rows * 20)]),
            Targets = reference.Doubles("targets"),
            Weights = reference.Doubles("weights"),
        };
        var head = new RidgeRegression
        {
            L2 = reference.Double("l2"),
            Standardise = reference.GetProperty("standardise").GetBoolean(),
        }.Fit(set);
        Assert.Empty(head.Classes);
        Assert.All(reference.Doubles("coefficients").Zip(head.Weights), pair => Assert.Equal(pair.First, pair.Second, 1e-6));
        Assert.Equal(reference.Double("intercept"), head.Bias[0], 1e-5);
    }

    [Fact]
    public void The_reported_objective_is_the_formulas_on_either_side_of_the_dual()
    {
        foreach (int rows in new[] { 8, 60 })
        {
            var set = Planted.Values(rows, 20);
            var (head, report) = new RidgeRegression { L2 = 0.2, Standardise = false }.FitAndReport(set);
            float[] values = head.Predict(set.Rows).Values;
            double expected = (values.Zip(set.Targets).Average(p => (p.First - p.Second) * (p.First - p.Second)) / 2)
                + (0.1 * head.Weights.Sum(w => (double)w * w));
            Assert.Equal(expected, report.Objective!.Value, 1e-4);
        }
    }

    [Fact]
    public void The_number_of_threads_changes_no_bit()
    {
        var set = Planted.Values(700, 70, noise: 3);
        Assert.Equal(new RidgeRegression { Threads = 1 }.Fit(set).Weights, new RidgeRegression { Threads = 3 }.Fit(set).Weights);
    }

    [Fact]
    public void The_L2_is_chosen_on_validation_rows()
    {
        var set = Planted.Values(90, 60, noise: 6);
        Array.Fill(set.Splits, Split.Validation, 60, 30);
        var report = new RidgeRegression().FitAndReport(set).Report;
        Assert.Equal("L2 chosen on 30 validation rows; the final fit uses all 90", report.Notes[0]);
        var best = report.Path.MinBy(trial => trial.Score)!;
        Assert.Equal(best.Setting.Value, report.Chosen!.Value);
        var head = new RidgeRegression { L2 = best.Setting.Value }.Fit(set.Subset([.. Enumerable.Range(0, 60)]));
        double error = head.EvaluateValues(set.Subset([.. Enumerable.Range(60, 30)])).RootMeanSquaredError;
        Assert.Equal(best.Score, error * error, 1e-3);
    }

    [Fact]
    public void A_single_row_is_predicted_as_it_is()
    {
        var set = Planted.Values(1, 4);
        var (head, report) = new RidgeRegression().FitAndReport(set);
        Assert.Equal(set.Targets[0], head.Predict(set.Rows).Values[0], 1e-5);
        Assert.Equal("no L2 could be chosen: there is one row only; L2 = 0.01 was taken (L2Search.Fallback)", Assert.Single(report.Notes));
    }

    [Theory]
    [InlineData(1e12)]
    [InlineData(1e-9)]
    public void The_targets_unit_does_not_matter(double unit)
    {
        var scores = new RidgeRegression().Fit(Planted.Values(200, 6, unit: unit)).EvaluateValues(Planted.Values(200, 6, unit: unit, seed: 2));
        Assert.InRange(scores.R2, 0.99, 1);
    }

    [Fact]
    public void A_log_target_is_predicted_in_its_own_unit()
    {
        var plain = Planted.Values(300, 5, noise: 0.05);
        var set = plain with { Targets = Array.ConvertAll(plain.Targets, Math.Exp) };
        var head = new RidgeRegression { LogTarget = true, L2 = 1e-4 }.Fit(set);
        Assert.Equal(Activation.Exponential, head.Activation);
        Assert.Equal(new RidgeRegression { L2 = 1e-4 }.Fit(plain).Weights, head.Weights, (a, b) => Math.Abs(a - b) < 1e-6);
        Assert.InRange(head.EvaluateValues(set).MedianRelativeError, 0.01, 0.06);
    }

    [Theory]
    [InlineData(-2)]
    [InlineData(0)]
    public void A_target_without_logarithm_is_named(double target)
    {
        var set = Planted.Values(5, 2) with { Targets = [1, 2, target, 4, -5] };
        Assert.Equal(
            $"row 2 (image2.png) has the target {target}; LogTarget needs targets above 0: leave LogTarget out or remove the row",
            Assert.Throws<FitException>(() => new RidgeRegression { LogTarget = true }.Fit(set)).Message);
    }

    [Fact]
    public void A_missing_target_is_named()
    {
        var set = Planted.Values(5, 2) with { Targets = [1, 2, 3, double.NaN, 5] };
        Assert.Equal(
            "row 3 (image3.png) has the target NaN; expected a finite number",
            Assert.Throws<FitException>(() => new RidgeRegression().Fit(set)).Message);
    }

    [Fact]
    public void Labels_are_refused() =>
        Assert.Equal(
            "the set holds labels, not targets; fit a classification head such as LogisticRegression",
            Assert.Throws<FitException>(() => new RidgeRegression().Fit(Planted.Classes(5, 2, 2))).Message);

    [Fact]
    public void Without_any_penalty_dependent_columns_have_no_solution_and_it_is_said()
    {
        var set = Planted.Values(30, 2);
        var doubled = set with { Rows = new Matrix(30, 2, [.. Enumerable.Range(0, 30).SelectMany(i => new[] { set.Rows[i][0], set.Rows[i][0] })]) };
        Assert.Contains("no unique solution at L2 = 0", Assert.Throws<FitException>(
            () => new RidgeRegression { L2 = 0 }.Fit(doubled)).Message, StringComparison.Ordinal);
        Assert.InRange(new RidgeRegression { L2 = 0 }.Fit(set).EvaluateValues(set).R2, 0.9, 1);
    }
}
