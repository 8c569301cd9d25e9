using System.Text.Json;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Heads;
using OnnxTransfer.Numerics;
using OnnxTransfer.Tests.Numerics;

namespace OnnxTransfer.Tests.Heads;

public sealed class QuantileRegressionTests
{
    [Theory]
    [InlineData(0)] // against a linear programme, without penalty
    [InlineData(1)]
    [InlineData(2)] // against the method of multipliers, with a penalty
    [InlineData(3)] // fewer rows than columns
    public void Each_quantile_is_within_1e_4_of_the_least_objective(int number)
    {
        JsonElement reference = GoldenFile.Read("Heads", "quantile.json").GetProperty("cases")[number];
        int rows = reference.GetProperty("rows").GetInt32();
        double l2 = reference.Double("l2"), coverage = reference.Double("coverage"), spread = reference.Double("spread");
        double[] targets = reference.Doubles("targets"), weights = reference.Doubles("weights"), deviation = reference.Doubles("deviation");
        float[] x = GoldenFile.Read("Heads", "logistic.json").Floats("x")[..(rows * 20)];
        var set = new EmbeddingSet { Rows = new Matrix(rows, 20, x), Targets = targets, Weights = weights };
        var (head, report) = new QuantileRegression { L2 = l2, Coverage = coverage }.FitAndReport(set);
        Assert.True(report.Converged, report.ToString());
        double[] least = reference.Doubles("objectives"), parts = [(1 - coverage) / 2, 0.5, (1 + coverage) / 2];
        for (int q = 0; q < 3; q++)
        {
            double objective = 0.5 * l2 * Enumerable.Range(0, 20).Sum(j => Math.Pow(head.Weights[(q * 20) + j] * deviation[j] / spread, 2));
            for (int i = 0; i < rows; i++)
            {
                double error = (targets[i] - head.Bias[q] - Enumerable.Range(0, 20).Sum(j => (double)head.Weights[(q * 20) + j] * x[(i * 20) + j])) / spread;
                objective += weights[i] / weights.Sum() * (error > 0 ? parts[q] * error : (parts[q] - 1) * error);
            }

            Assert.InRange(objective, least[q] * (1 - 1e-5), least[q] * (1 + 1e-4));
        }
    }

    [Fact]
    public void The_interval_holds_about_the_part_it_promises()
    {
        var head = new QuantileRegression { Coverage = 0.8, L2 = 1e-3 }.Fit(Planted.Values(2000, 4, noise: 1));
        var fresh = Planted.Values(2000, 4, noise: 1, seed: 2);
        var values = head.Predict(fresh.Rows);
        Assert.Equal(["low", "value", "high"], head.ValueNames);
        Assert.InRange(Enumerable.Range(0, 2000).Count(i => values[i][0] <= fresh.Targets[i] && fresh.Targets[i] <= values[i][2]) / 2000.0, 0.77, 0.83);
        Assert.InRange(Enumerable.Range(0, 2000).Count(i => fresh.Targets[i] <= values[i][1]) / 2000.0, 0.46, 0.54);
    }

    [Theory]
    [InlineData(7)]
    [InlineData(13)]
    [InlineData(21)]
    public void Quantiles_that_cross_are_put_in_order(int opset)
    {
        foreach (bool exponential in new[] { false, true })
        {
            var head = new QuantileHead([1, 0, 0, 1, -1, -1], [0, 0.25f, 0.5f], exponential);
            float[] x = [1, 2, 2, 1, -1, -2, -2, -1, 3, -3, -3, 3, 0, 0];
            float[] values = head.Predict(new Matrix(7, 2, x)).Values;
            Assert.All(Enumerable.Range(0, 7), i => Assert.True(values[3 * i] <= values[(3 * i) + 1] && values[(3 * i) + 1] <= values[(3 * i) + 2]));
            Assert.Equal(exponential ? MathF.Exp(1) : 1, values[1], 1e-6f); // 1, 2.25 and -2.5
            Assert.Equal(values, ExportedHead.Predict(head, new Matrix(7, 2, x), opset), (a, b) => Math.Abs(a - b) <= 1e-5f * Math.Max(1, a));
        }
    }

    [Theory]
    [InlineData(1e12)]
    [InlineData(1e-9)]
    public void The_targets_unit_does_not_matter(double unit)
    {
        var set = Planted.Values(200, 6, unit: unit);
        float[] values = new QuantileRegression().Fit(set).Predict(set.Rows).Values;
        Assert.All(Enumerable.Range(0, 200), i => Assert.Equal(set.Targets[i], values[(3 * i) + 1], unit));
    }

    [Fact]
    public void Equal_targets_and_a_single_row_are_predicted_as_they_are()
    {
        var set = Planted.Values(50, 3) with { Targets = [.. Enumerable.Repeat(7.5, 50)] };
        Assert.All(new QuantileRegression().Fit(set).Predict(set.Rows).Values, value => Assert.Equal(7.5f, value, 1e-4f));
        var one = Planted.Values(1, 3);
        Assert.All(new QuantileRegression().Fit(one).Predict(one.Rows).Values, value => Assert.Equal(one.Targets[0], value, 1e-5));
    }

    [Fact]
    public void A_log_target_is_predicted_in_its_own_unit()
    {
        var plain = Planted.Values(300, 3, noise: 0.3);
        var trainer = new QuantileRegression { L2 = 1e-3 };
        var (straight, bent) = (trainer.Fit(plain), (trainer with { LogTarget = true }).Fit(plain with { Targets = Array.ConvertAll(plain.Targets, Math.Exp) }));
        Assert.True(bent.IsExponential);
        Assert.Equal(Array.ConvertAll(straight.Predict(plain.Rows).Values, MathF.Exp), bent.Predict(plain.Rows).Values, (a, b) => Math.Abs(a - b) < 1e-2f * a);
    }

    [Fact]
    public void The_number_of_threads_changes_no_bit()
    {
        var set = Planted.Values(600, 10, noise: 3);
        Assert.Equal(new QuantileRegression { L2 = 1e-2, Threads = 1 }.Fit(set).Weights, new QuantileRegression { L2 = 1e-2, Threads = 3 }.Fit(set).Weights);
    }

    [Fact]
    public void The_L2_is_chosen_by_the_pinball_loss_on_validation_rows()
    {
        var report = new QuantileRegression().FitAndReport(Planted.Values(90, 60, noise: 6)).Report;
        Assert.Equal(report.Path.MinBy(trial => trial.Score)!.Setting, report.Chosen);
        Assert.Equal("L2 chosen on 18 of 90 rows held out of the fit (seed 0); the final fit uses all", report.Notes[0]);
    }

    [Fact]
    public void Too_few_iterations_are_told()
    {
        var report = new QuantileRegression { L2 = 1e-3, MaxIterations = 5 }.FitAndReport(Planted.Values(200, 10, noise: 1)).Report;
        Assert.False(report.Converged);
        Assert.Contains("of its objective above the least, after 5 iterations", Assert.Single(report.Notes), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(double.NaN)]
    public void A_coverage_that_makes_no_sense_is_refused(double coverage) =>
        Assert.Equal($"Coverage = {coverage}; expected a part above 0 and below 1, such as 0.9", Assert.Throws<FitException>(
            () => new QuantileRegression { Coverage = coverage }.Fit(Planted.Values(10, 2))).Message);
}
