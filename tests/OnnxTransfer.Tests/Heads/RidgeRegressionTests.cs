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
        Assert.Equal("L2 chosen on 30 validation rows; the final fit uses all rows", report.Notes[0]);
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

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)] // fewer rows than columns
    public void Several_targets_are_one_of_scikit_learns_ridges(int number)
    {
        JsonElement reference = GoldenFile.Read("Heads", "outputs.json").GetProperty("cases")[number];
        int rows = reference.GetProperty("rows").GetInt32();
        var set = new EmbeddingSet
        {
            Rows = new Matrix(rows, 20, GoldenFile.Read("Heads", "logistic.json").Floats("x")[..(rows * 20)]),
            Targets = reference.Doubles("targets"),
            TargetNames = ["small", "large", "tiny"],
            Weights = reference.Doubles("weights"),
        };
        var head = new RidgeRegression { L2 = reference.Double("l2") }.Fit(set);
        Assert.Equal(["small", "large", "tiny"], head.ValueNames);
        Assert.All(reference.Doubles("coefficients").Zip(head.Weights), pair => Assert.Equal(pair.First, pair.Second, 1e-6 * Math.Max(1, Math.Abs(pair.First))));
        Assert.All(reference.Doubles("intercepts").Zip(head.Bias), pair => Assert.Equal(pair.First, pair.Second, 1e-5 * Math.Max(1, Math.Abs(pair.First))));
        Assert.Equal(head.Predict(set.Rows).Values, ExportedHead.Predict(head, set.Rows), (a, b) => Math.Abs(a - b) < 1e-6f * head.Bias.Max(Math.Abs));
    }

    [Theory]
    [InlineData(40, 12)]
    [InlineData(20, 33)] // the dual
    public void A_path_from_one_decomposition_is_that_of_a_factorisation_for_each_value(int rows, int width)
    {
        var set = Planted.Values(rows + 15, width, noise: 4);
        Array.Fill(set.Splits, Split.Validation, rows, 15);
        var (fit, validation) = (set.Of(Split.Train), set.Of(Split.Validation));
        var trainer = new RidgeRegression { Search = new L2Search { Maximum = 100, Count = 9, Patience = 9 } };
        var path = trainer.FitAndReport(set).Report.Path;
        Assert.Equal(9, path.Count);
        Assert.All(path, trial =>
        {
            double error = new RidgeRegression { L2 = trial.Setting.Value }.Fit(fit).EvaluateValues(validation).RootMeanSquaredError;
            Assert.Equal(error * error, trial.Score, 1e-4 * trial.Score);
        });

        // Few values are factored each; the scores of both ways are the same.
        var few = (trainer with { Search = new L2Search { Maximum = 100, Minimum = path[4].Setting.Value, Count = 5, Patience = 9 } }).FitAndReport(set).Report.Path;
        Assert.Equal(path.Take(5).Select(trial => trial.Score), few.Select(trial => trial.Score), (a, b) => Math.Abs(a - b) < 1e-9 * a);
    }

    [Fact]
    public void An_L2_for_several_targets_does_not_heed_their_units()
    {
        var one = Planted.Values(120, 30, noise: 6);
        EmbeddingSet Two(double unit) => one with
        {
            Targets = [.. Enumerable.Range(0, 240).Select(i => i % 2 == 0 ? one.Targets[i / 2] : unit * one.Rows[i / 2][3])],
            TargetNames = ["a", "b"],
        };
        var plain = new RidgeRegression().FitAndReport(Two(1)).Report;
        var large = new RidgeRegression().FitAndReport(Two(1e12)).Report;
        Assert.Equal(plain.Path.Select(trial => trial.Score), large.Path.Select(trial => trial.Score), (a, b) => Math.Abs(a - b) < 1e-9);
    }

    [Fact]
    public void Constant_targets_are_predicted_as_they_are()
    {
        var set = Planted.Values(30, 4) with { Targets = [.. Enumerable.Range(0, 60).Select(i => i % 2 == 0 ? 7.5 : -1e12)], TargetNames = ["a", "b"] };
        var head = new RidgeRegression().Fit(set);
        var predicted = head.Predict(set.Rows);
        Assert.All(Enumerable.Range(0, 30), i => Assert.Equal((7.5f, -1e12f), (predicted[i][0], predicted[i][1])));
    }

    [Fact]
    public void Equal_rows_of_different_targets_get_their_mean()
    {
        var set = Planted.Values(40, 3).With((_, j, _) => j + 0.5);
        float[] predicted = new RidgeRegression { L2 = 1e-4 }.Fit(set).Predict(set.Rows).Values;
        Assert.All(predicted, value => Assert.Equal(set.Targets.Average(), value, 1e-4));
    }

    [Fact]
    public void Of_several_targets_the_one_that_is_missing_is_named()
    {
        var set = Planted.Values(5, 2) with { Targets = [1, 2, 3, 4, 5, 6, 7, double.PositiveInfinity, 9, 10], TargetNames = ["width", "height"] };
        Assert.Equal(
            "row 3 (image3.png) has the target Infinity for 'height'; expected a finite number",
            Assert.Throws<FitException>(() => new RidgeRegression().Fit(set)).Message);
        Assert.Equal(
            "the set holds 5 targets for 5 rows; expected 2 per row: width, height",
            Assert.Throws<FitException>(() => new RidgeRegression().Fit(set with { Targets = [1, 2, 3, 4, 5] })).Message);
        Assert.Equal(
            "row 0 (image0.png) has the target -1 for 'height'; LogTarget needs targets above 0: leave LogTarget out or remove the row",
            Assert.Throws<FitException>(() => new RidgeRegression { LogTarget = true }.Fit(
                set with { Targets = [1, -1, 1, 1, 1, 1, 1, 1, 1, 1] })).Message);
    }

    [Fact]
    public void The_fields_lambdas_are_scikit_learns_alphas()
    {
        var set = Planted.Values(90, 5, noise: 2);
        Array.Fill(set.Splits, Split.Validation, 60, 30);
        var (head, report) = new RidgeRegression { Search = L2Search.Field }.FitAndReport(set);
        Assert.Equal(1e5 / 90, report.Path[0].Setting.Value, 1e-9);
        Assert.Equal(45, report.Path.Count);
        Assert.Equal(new RidgeRegression { L2 = report.Chosen!.Value }.Fit(set).Weights, head.Weights);
        double error = new RidgeRegression { L2 = report.Path[9].Setting.Value * 90 / 60 }.Fit(set.Of(Split.Train)).EvaluateValues(set.Of(Split.Validation)).RootMeanSquaredError;
        Assert.Equal(error * error, report.Path[9].Score, 1e-4);
    }

    [Fact]
    public void A_fit_needs_no_memory_that_grows_with_the_rows_but_a_few_bytes_each()
    {
        const int Rows = 3_000, Width = 128;
        long Allocated(int rows)
        {
            var set = Planted.Values(rows, Width);
            var trainer = new RidgeRegression { L2 = 1e-2, Threads = 1 };
            long before = GC.GetAllocatedBytesForCurrentThread();
            trainer.Fit(set);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.InRange((Allocated(4 * Rows) - Allocated(Rows)) / (3.0 * Rows), 0, 48); // a row has 512
    }
}
