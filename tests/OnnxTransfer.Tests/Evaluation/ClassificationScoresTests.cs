using OnnxTransfer.Evaluation;
using OnnxTransfer.Numerics;
using OnnxTransfer.Tests.Numerics;

namespace OnnxTransfer.Tests.Evaluation;

public sealed class ClassificationScoresTests
{
    [Fact]
    public void Equal_scikit_learns()
    {
        var golden = GoldenFile.Read("Evaluation", "scores.json").GetProperty("classification");
        int[] labels = golden.Integers("labels");
        int classes = golden.GetProperty("classes").GetInt32();
        string[] names = [.. Enumerable.Range(0, classes).Select(c => $"c{c}")];
        var scores = ClassificationScores.Of(new Matrix(labels.Length, classes, golden.Floats("probabilities")), labels, names);
        Assert.Equal(labels.Length, scores.Count);
        Assert.Equal(golden.Double("accuracy"), scores.Accuracy, 1e-12);
        Assert.Equal(golden.Double("topFive"), scores.TopFive, 1e-12);
        Assert.Equal(golden.Double("logLoss"), scores.LogLoss, 1e-6);
        Assert.Equal(golden.Double("macroPrecision"), scores.MacroPrecision, 1e-12);
        Assert.Equal(golden.Double("macroRecall"), scores.MacroRecall, 1e-12);
        Assert.Equal(golden.Double("macroF1"), scores.MacroF1, 1e-12);
        Assert.Equal(golden.Integers("confusion"), scores.Confusion.SelectMany(row => row));
        Assert.Equal(names, scores.PerClass.Select(c => c.Name));
        Assert.Equal(golden.Integers("count"), scores.PerClass.Select(c => c.Count));
        Assert.Equal(golden.Double("calibrationError"), scores.ExpectedCalibrationError, 1e-9);
        Assert.Equal(golden.Integers("binCounts"), scores.CalibrationCurve.Select(bin => bin.Count));
        Assert.All(golden.Doubles("binConfidences").Zip(scores.CalibrationCurve), pair => Assert.Equal(pair.First, pair.Second.Confidence, 1e-9));
        Assert.All(golden.Doubles("binAccuracies").Zip(scores.CalibrationCurve), pair => Assert.Equal(pair.First, pair.Second.Accuracy, 1e-9));
        Assert.All(golden.Doubles("precision").Zip(scores.PerClass), pair => Assert.Equal(pair.First, pair.Second.Precision, 1e-12));
        Assert.All(golden.Doubles("recall").Zip(scores.PerClass), pair => Assert.Equal(pair.First, pair.Second.Recall, 1e-12));
        Assert.All(golden.Doubles("f1").Zip(scores.PerClass), pair => Assert.Equal(pair.First, pair.Second.F1, 1e-12));
    }

    [Fact]
    public void The_interval_is_that_of_a_binomial_for_rows_that_stand_alone()
    {
        var scores = Guesses(400, i => i % 5 != 0, []);
        double error = 1.96 * Math.Sqrt(0.8 * 0.2 / 400);
        Assert.Equal(0.8 - error, scores.AccuracyInterval.Low, 0.008);
        Assert.Equal(0.8 + error, scores.AccuracyInterval.High, 0.008);
        Assert.Equal(scores.AccuracyInterval, Guesses(400, i => i % 5 != 0, []).AccuracyInterval);
    }

    [Fact]
    public void Groups_that_err_together_widen_the_interval()
    {
        // Ten rows a group, all right or all wrong: as certain as 40 rows, not 400.
        var scores = Guesses(400, i => i / 10 % 5 != 0, [.. Enumerable.Range(0, 400).Select(i => $"g{i / 10}")]);
        double error = 1.96 * Math.Sqrt(0.8 * 0.2 / 40);
        Assert.Equal(0.8 - error, scores.AccuracyInterval.Low, 0.03);
        Assert.Equal(0.8 + error, scores.AccuracyInterval.High, 0.03);
    }

    [Fact]
    public void The_summary_can_be_read()
    {
        var scores = Guesses(4, i => i != 0, []) with { AccuracyInterval = new Interval(0.25, 1) };
        Assert.Equal( // the loss: (3 ln 4/3 + ln 4) / 4
            "accuracy   0.7500  (95 %: 0.2500 to 1.0000, 4 rows)\nmacro F1   0.7333  (precision 0.8333, recall 0.7500)\nlog loss   0.5623  (expected calibration error 0.0000)",
            scores.ToString());
        Assert.Equal(("accuracy", 0.75), (scores.MainName, scores.Main));
    }

    [Fact]
    public void What_cannot_be_measured_is_refused()
    {
        var two = new Matrix(2, 2, [0.5f, 0.5f, 1, 0]);
        Assert.Contains("no rows to measure on", Message(() => ClassificationScores.Of(new Matrix(0, 2), [], ["a", "b"])), StringComparison.Ordinal);
        Assert.Equal(
            "2 x 2 probabilities for 3 labels and 2 classes; expected 3 x 2", Message(() => ClassificationScores.Of(two, [0, 1, 0], ["a", "b"])));
        Assert.Equal(
            "row 1 has the label -1; expected 0 to 1: rows without a label cannot be measured on",
            Message(() => ClassificationScores.Of(two, [0, -1], ["a", "b"])));
        two.Values[1] = float.NaN;
        Assert.Equal(
            "the probabilities of row 0 hold a NaN or infinite value; expected numbers from 0 to 1",
            Message(() => ClassificationScores.Of(two, [0, 1], ["a", "b"])));
    }

    private static string Message(Action action) => Assert.Throws<ArgumentException>(action).Message;

    private static ClassificationScores Guesses(int rows, Func<int, bool> right, string[] groups)
    {
        var matrix = new Matrix(rows, 2);
        int[] labels = [.. Enumerable.Range(0, rows).Select(i => i % 2)];
        for (int i = 0; i < rows; i++)
        {
            int guess = right(i) ? labels[i] : 1 - labels[i];
            matrix.Row(i)[guess] = 0.75f;
            matrix.Row(i)[1 - guess] = 0.25f;
        }

        return ClassificationScores.Of(matrix, labels, ["a", "b"], groups);
    }
}
