using System.Text.Json;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Heads;
using OnnxTransfer.Numerics;
using OnnxTransfer.Tests.Numerics;

namespace OnnxTransfer.Tests.Heads;

/// <summary>Logistic regression where a row may have several labels, or none.</summary>
public sealed class MultiLabelLogisticTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Is_one_of_scikit_learns_logistic_regressions_per_label(int number)
    {
        var golden = GoldenFile.Read("Heads", "labels.json");
        JsonElement reference = golden.GetProperty("cases")[number];
        int[] has = golden.Integers("has");
        var set = Set(new Matrix(500, 20, GoldenFile.Read("Heads", "logistic.json").Floats("x")), 5, (i, c) => has[(i * 5) + c] == 1) with
        {
            Weights = reference.Doubles("weights"),
        };
        var (head, report) = new LogisticRegression { L2 = reference.Double("l2"), Tolerance = 1e-8 }.FitAndReport(set);
        Assert.True(report.Converged, report.ToString());
        Assert.Equal(Activation.Sigmoid, head.Activation);
        Assert.Equal(reference.Double("objective"), report.Objective!.Value, 1e-6 * report.Objective.Value);
        Assert.All(reference.Doubles("coefficients").Zip(head.Weights), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
        Assert.All(reference.Doubles("intercepts").Zip(head.Bias), pair => Assert.Equal(pair.First, pair.Second, 1e-3));
    }

    [Fact]
    public void Its_probabilities_find_the_labels_and_its_ONNX_says_the_same()
    {
        var set = Planted(200, seed: 1);
        var trainer = new LogisticRegression();
        Assert.True(trainer.Takes(HeadTask.Labels));
        var (head, report) = trainer.FitAndReport(set);
        Assert.Equal(HeadTask.Labels, head.Task);
        Assert.Equal(set.Classes, head.Classes);
        Assert.StartsWith("L2 chosen on 40 of 200 rows held out of the fit", report.Notes[0], StringComparison.Ordinal);
        var fresh = Planted(200, seed: 2);
        float[] probabilities = head.Predict(fresh.Rows).Values;
        int right = Enumerable.Range(0, probabilities.Length).Count(at => probabilities[at] > 0.5f == fresh.LabelSets[at / 4].Contains(at % 4));
        Assert.InRange(right / (double)probabilities.Length, 0.85, 1);
        Assert.Equal(probabilities, ExportedHead.Predict(head, fresh.Rows), (a, b) => Math.Abs(a - b) < 1e-5f);
    }

    [Fact]
    public void A_label_of_all_rows_or_of_none_gets_a_constant_answer()
    {
        var set = Planted(60, seed: 1);
        set = set with
        {
            Classes = [.. set.Classes, "always", "unseen"],
            LabelSets = Array.ConvertAll(set.LabelSets, labels => (int[])[.. labels, 4]),
        };
        var (head, report) = new LogisticRegression { L2 = 1e-2 }.FitAndReport(set);
        Assert.Equal(["label 'unseen' has no rows; it is never predicted", "all rows have the label 'always'; it is always predicted"], report.Notes);
        var probabilities = head.Predict(set.Rows);
        Assert.All(Enumerable.Range(0, 60), i => Assert.Equal((1f, 0f), (probabilities[i][4], probabilities[i][5])));
    }

    [Fact]
    public void A_label_that_all_rows_of_the_path_lack_is_still_learned_in_the_end()
    {
        var set = Planted(50, seed: 1);
        Array.Fill(set.Splits, OnnxTransfer.Datasets.Split.Validation, 40, 10);
        for (int i = 0; i < 50; i++)
        {
            set.LabelSets[i] = [.. set.LabelSets[i].Where(label => label != 3), .. i >= 40 && i % 2 == 0 ? new[] { 3 } : []];
        }

        var (head, report) = new LogisticRegression().FitAndReport(set);
        Assert.NotEmpty(report.Path);
        Assert.All(report.Path, trial => Assert.True(double.IsFinite(trial.Score)));
        Assert.Contains(head.Weights[(3 * set.Width)..], weight => weight != 0);
    }

    [Fact]
    public void Labels_that_nothing_decides_are_refused()
    {
        var set = Set(new Matrix(4, 2), 2, (_, c) => c == 0);
        Assert.Equal(
            "each of the 2 labels belongs to all 4 rows or to none; expected one at least that some rows have and others do not",
            Assert.Throws<FitException>(() => new LogisticRegression().Fit(set)).Message);
    }

    [Fact]
    public void Labels_unknown_or_given_twice_are_named()
    {
        var set = Planted(10, seed: 1);
        set.LabelSets[7] = [1, 4];
        Assert.Equal(
            "row 7 (image7.png) has the label 4; expected 0 to 3, an index into the 4 labels",
            Assert.Throws<FitException>(() => new LogisticRegression().Fit(set)).Message);
        set.LabelSets[7] = [1, 1];
        Assert.Equal(
            "row 7 (image7.png) has the label 'label1' twice; expected each label once",
            Assert.Throws<FitException>(() => new LogisticRegression().Fit(set)).Message);
        Assert.Equal(
            "the set holds 9 sets of labels for 10 rows; expected one per row",
            Assert.Throws<FitException>(() => new LogisticRegression().Fit(set with { LabelSets = set.LabelSets[..9] })).Message);
    }

    [Fact]
    public void Labels_told_apart_without_a_penalty_are_named()
    {
        var set = Set(new Matrix(4, 1, [-2, -1, 1, 2]), 2, (i, c) => c == 0 ? i >= 2 : i % 2 == 0);
        Assert.Contains(
            "the label 'label0' can be told apart without a single error, so that at L2 = 0 the objective has no minimum",
            Assert.Single(new LogisticRegression { L2 = 0 }.FitAndReport(set).Report.Notes), StringComparison.Ordinal);
    }

    private static EmbeddingSet Planted(int rows, long seed)
    {
        var set = OnnxTransfer.Tests.Heads.Planted.Values(rows, 6, seed: seed);
        return Set(set.Rows, 4, (i, c) => set.Rows[i][c] + (0.5 * set.Rows[i][5]) > 0.3 * c);
    }

    private static EmbeddingSet Set(IRows rows, int labels, Func<int, int, bool> has) => new()
    {
        Rows = rows,
        LabelSets = [.. Enumerable.Range(0, rows.Count).Select(i => Enumerable.Range(0, labels).Where(c => has(i, c)).ToArray())],
        Classes = [.. Enumerable.Range(0, labels).Select(c => $"label{c}")],
        Splits = new OnnxTransfer.Datasets.Split[rows.Count],
        Names = [.. Enumerable.Range(0, rows.Count).Select(i => $"image{i}.png")],
    };
}
