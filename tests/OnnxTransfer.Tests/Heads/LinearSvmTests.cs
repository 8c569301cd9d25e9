using System.Globalization;
using System.Text.Json;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Heads;
using OnnxTransfer.Numerics;
using OnnxTransfer.Tests.Numerics;

namespace OnnxTransfer.Tests.Heads;

public sealed class LinearSvmTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)] // several labels a row
    public void Reaches_the_reference_optimum(int number)
    {
        var golden = GoldenFile.Read("Heads", "logistic.json");
        JsonElement reference = GoldenFile.Read("Heads", "svm.json").GetProperty("cases")[number];
        bool several = reference.TryGetProperty("sets", out var sets);
        var set = new EmbeddingSet
        {
            Rows = new Matrix(500, 20, golden.Floats("x")),
            Labels = several ? [] : golden.Integers("labels"),
            LabelSets = several ? [.. sets.EnumerateArray().Select(row => row.EnumerateArray().Select(label => label.GetInt32()).ToArray())] : [],
            Classes = ["a", "b", "c", "d"],
            Weights = reference.Doubles("weights"),
        };
        var (head, report) = new LinearSvm
        {
            L2 = reference.Double("l2"),
            Temperature = 1,
            Standardise = reference.GetProperty("standardise").GetBoolean(),
            Tolerance = 1e-8,
        }.FitAndReport(set);
        Assert.Equal(several ? Activation.Sigmoid : Activation.Softmax, head.Activation);
        Assert.Equal(reference.Double("objective"), report.Objective!.Value, 1e-6 * report.Objective.Value);
        Assert.All(reference.Doubles("coefficients").Zip(head.Weights), pair => Assert.Equal(pair.First, pair.Second, 2e-4));
        Assert.All(reference.Doubles("intercepts").Zip(head.Bias), pair => Assert.Equal(pair.First, pair.Second, 1e-3));
    }

    [Fact]
    public void The_number_of_threads_changes_no_bit()
    {
        var set = Planted.Classes(700, 20, 4, distance: 0.5);
        Assert.Equal(new LinearSvm { Threads = 1 }.Fit(set).Weights, new LinearSvm { Threads = 3 }.Fit(set).Weights);
    }

    [Fact]
    public void A_temperature_divides_scores_and_changes_no_class()
    {
        var set = Planted.Classes(200, 8, 3, distance: 0.5);
        var plain = new LinearSvm { L2 = 1e-2, Temperature = 1 }.Fit(set);
        var cold = new LinearSvm { L2 = 1e-2, Temperature = 0.25 }.Fit(set);
        Assert.Equal(plain.Weights, Array.ConvertAll(cold.Weights, weight => weight / 4));
        Assert.Equal(plain.Evaluate(set).Main, cold.Evaluate(set).Main);
    }

    [Fact]
    public void The_temperature_is_that_of_least_log_loss_on_rows_held_out()
    {
        var set = Planted.Classes(900, 10, 3, distance: 0.4);
        Array.Fill(set.Splits, Split.Validation, 450, 450);
        var (_, report) = new LinearSvm { L2 = 1e-2 }.FitAndReport(set);
        Assert.Equal("temperature found on 450 rows held out of a first fit; the final fit uses all", Assert.Single(report.Notes));
        double found = double.Parse(report.Settings["temperature"], CultureInfo.InvariantCulture);
        EmbeddingSet fit = set.Subset([.. Enumerable.Range(0, 450)]), rest = set.Subset([.. Enumerable.Range(450, 450)]);
        double Loss(double temperature) => new LinearSvm { L2 = 1e-2, Temperature = temperature }.Fit(fit).EvaluateClasses(rest).LogLoss;
        Assert.True(Loss(found) < Loss(0.8 * found) && Loss(found) < Loss(1.25 * found));
    }

    [Fact]
    public void Probabilities_of_separable_rows_stay_short_of_certainty()
    {
        var (head, report) = new LinearSvm { L2 = 0 }.FitAndReport(Planted.Classes(60, 10, 3, distance: 20));
        Assert.All(head.Weights, weight => Assert.True(float.IsFinite(weight)));
        float[] highest = [.. Enumerable.Range(0, 60).Select(i => head.Predict(Planted.Classes(60, 10, 3, distance: 20).Rows)[i].ToArray().Max())];
        Assert.InRange(highest.Average(), 0.8, 0.999);
        Assert.InRange(report.Objective!.Value, 0, 1e-3);
    }

    [Fact]
    public void Without_an_L2_the_log_loss_on_validation_rows_decides()
    {
        var set = Planted.Classes(300, 20, 3, distance: 0.4);
        var report = new LinearSvm().FitAndReport(set).Report;
        Assert.Equal(report.Path.MinBy(trial => trial.Score)!.Setting, report.Chosen);
        Assert.Equal("L2 chosen on 60 of 300 rows held out of the fit (seed 0); the final fit uses all", report.Notes[0]);
        Assert.InRange(report.Path[0].Score, 0.1, Math.Log(3));
    }

    [Fact]
    public void Labels_are_learned_each_for_itself_and_one_without_rows_never_predicted()
    {
        var rows = Planted.Classes(200, 6, 4, distance: 1.5);
        int[][] sets = [.. rows.Labels.Select(label => label == 3 ? [] : label == 2 ? new[] { 1, 0 } : [label])];
        var set = rows with { Labels = [], LabelSets = sets, Classes = ["red", "round", "unseen"] };
        var (head, report) = new LinearSvm().FitAndReport(set);
        Assert.Equal("label 'unseen' has no rows; it is never predicted", report.Notes[0]);
        Assert.Equal(HeadTask.Labels, head.Task);
        var probabilities = head.Predict(set.Rows);
        double right = Enumerable.Range(0, 200).Average(i => Enumerable.Range(0, 2).Average(c => probabilities[i][c] > 0.5 == sets[i].Contains(c) ? 1 : 0));
        Assert.InRange(right, 0.85, 1);
        Assert.All(Enumerable.Range(0, 200), i => Assert.Equal(0, probabilities[i][2]));
        Assert.Equal(probabilities.Values, ExportedHead.Predict(head, set.Rows), (a, b) => Math.Abs(a - b) < 1e-5);
    }

    [Fact]
    public void A_label_out_of_range_is_named_among_several()
    {
        var set = Planted.Classes(4, 2, 2) with { Labels = [], LabelSets = [[0], [1], [0, 7], []] };
        Assert.Equal("row 2 (image2.png) has the label 7; expected 0 to 1, an index into the 2 labels", Refusal(new LinearSvm(), set));
        Assert.Equal("none of the 4 rows has a label; expected at least one row with one", Refusal(new LinearSvm(), set with { LabelSets = [[], [], [], []] }));
    }

    [Fact]
    public void A_class_without_rows_is_never_predicted_and_one_class_refused()
    {
        var set = Planted.Classes(60, 4, 2) with { Classes = ["a", "b", "unseen"] };
        var (head, report) = new LinearSvm { L2 = 1e-2, Temperature = 1 }.FitAndReport(set);
        Assert.Equal("class 'unseen' has no rows; it is never predicted", Assert.Single(report.Notes));
        Assert.All(Enumerable.Range(0, 60), i => Assert.Equal(0, head.Predict(set.Rows)[i][2]));
        Assert.Contains("belong to the one class 'b'", Refusal(new LinearSvm(), set with { Labels = [.. Enumerable.Repeat(1, 60)] }), StringComparison.Ordinal);
    }

    [Fact]
    public void A_thousand_classes_of_one_row_each_are_learned_by_heart()
    {
        var set = Planted.Classes(1000, 40, 1000);
        var (head, report) = new LinearSvm { Tolerance = 2e-3 }.FitAndReport(set);
        Assert.InRange(head.Evaluate(set).Main, 0.9, 1);
        Assert.Contains("no rows could be held out for the temperature; 0.5 was taken", report.Notes);
    }

    [Fact]
    public void Settings_that_make_no_sense_are_refused()
    {
        var set = Planted.Classes(10, 2, 2);
        Assert.Equal("L2 = -1; expected a finite number of at least 0, or null to have it chosen", Refusal(new LinearSvm { L2 = -1 }, set));
        Assert.Equal("Temperature = 0; expected a finite number above 0, or null to have it found", Refusal(new LinearSvm { Temperature = 0 }, set));
    }

    private static string Refusal(LinearSvm trainer, EmbeddingSet set) => Assert.Throws<FitException>(() => trainer.Fit(set)).Message;
}
