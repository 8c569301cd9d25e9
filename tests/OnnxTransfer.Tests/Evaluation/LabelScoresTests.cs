using OnnxTransfer.Evaluation;
using OnnxTransfer.Numerics;
using OnnxTransfer.Tests.Numerics;

namespace OnnxTransfer.Tests.Evaluation;

public sealed class LabelScoresTests
{
    [Fact]
    public void Equal_scikit_learns()
    {
        var golden = GoldenFile.Read("Evaluation", "shift.json").GetProperty("labels");
        int labels = golden.GetProperty("labels").GetInt32();
        int[][] right = [.. golden.Integers("right").Chunk(labels).Select(row => Enumerable.Range(0, labels).Where(label => row[label] == 1).ToArray())];
        string[] names = [.. Enumerable.Range(0, labels).Select(label => $"l{label}")];
        var scores = LabelScores.Of(new Matrix(right.Length, labels, golden.Floats("probabilities")), right, names);
        Assert.Equal(right.Length, scores.Count);
        Assert.Equal(golden.Double("meanAveragePrecision"), scores.MeanAveragePrecision, 1e-12);
        Assert.Equal(golden.Double("macroF1"), scores.MacroF1, 1e-12);
        Assert.Equal(golden.Double("microF1"), scores.MicroF1, 1e-12);
        Assert.Equal(golden.Double("subsetAccuracy"), scores.SubsetAccuracy, 1e-12);
        Assert.Equal(names, scores.PerLabel.Select(label => label.Name));
        Assert.Equal(golden.Integers("count"), scores.PerLabel.Select(label => label.Count));
        Assert.All(golden.Doubles("averagePrecision").Zip(scores.PerLabel), pair => Assert.Equal(pair.First, pair.Second.AveragePrecision, 1e-12));
        Assert.All(golden.Doubles("precision").Zip(scores.PerLabel), pair => Assert.Equal(pair.First, pair.Second.Precision, 1e-12));
        Assert.All(golden.Doubles("recall").Zip(scores.PerLabel), pair => Assert.Equal(pair.First, pair.Second.Recall, 1e-12));
        Assert.All(golden.Doubles("f1").Zip(scores.PerLabel), pair => Assert.Equal(pair.First, pair.Second.F1, 1e-12));
        Assert.InRange(scores.MeanAveragePrecision, scores.MeanAveragePrecisionInterval.Low, scores.MeanAveragePrecisionInterval.High);
        Assert.InRange(scores.MeanAveragePrecisionInterval.High - scores.MeanAveragePrecisionInterval.Low, 0.02, 0.3);
    }

    [Fact]
    public void Groups_that_err_together_widen_the_interval()
    {
        var random = new SeededRandom(4);
        var probabilities = new Matrix(300, 1);
        int[][] right = [.. Enumerable.Range(0, 300).Select(i => i / 15 % 2 == 0 ? new[] { 0 } : [])];
        for (int group = 0; group < 20; group++)
        {
            float value = (float)(0.5 + (group % 2 == 0 ? 0.05 : -0.05) + (0.1 * random.NextGaussian()));
            for (int i = 0; i < 15; i++)
            {
                probabilities.Row((15 * group) + i)[0] = value + (1e-6f * i);
            }
        }

        double Width(string[]? groups)
        {
            var interval = LabelScores.Of(probabilities, right, ["a"], groups).MainInterval;
            return interval.High - interval.Low;
        }

        Assert.InRange(Width([.. Enumerable.Range(0, 300).Select(i => $"g{i / 15}")]), 2 * Width(null), 1);
        Assert.Equal(Width(null), Width(null));
    }

    [Fact]
    public void The_interval_lies_about_the_score_of_rare_labels_too()
    {
        // One row in 30 bears a label and guesses are all there is: rows drawn twice would lift every resample.
        var random = new SeededRandom(5);
        var probabilities = new Matrix(600, 20, [.. Enumerable.Range(0, 12_000).Select(_ => (float)random.NextDouble())]);
        int[][] right = [.. Enumerable.Range(0, 600).Select(_ => Enumerable.Range(0, 20).Where(_ => random.NextInt(30) == 0).ToArray())];
        var scores = LabelScores.Of(probabilities, right, [.. Enumerable.Range(0, 20).Select(label => $"l{label}")]);
        Assert.Equal(scores.Main, (scores.MainInterval.Low + scores.MainInterval.High) / 2, 0.002);
        Assert.InRange(scores.MainInterval.High - scores.MainInterval.Low, 0.004, 0.03);
    }

    [Fact]
    public void The_summary_can_be_read()
    {
        var scores = LabelScores.Of(new Matrix(2, 2, [0.9f, 0.2f, 0.6f, 0.5f]), [[0], [1]], ["a", "b"]) with { MeanAveragePrecisionInterval = new Interval(0.5, 1) };
        Assert.Equal(
            "mean average precision 1.0000  (95 %: 0.5000 to 1.0000, 2 rows)\nmacro F1   0.3333  (micro F1 0.5000)\nall labels of a row right 0.5000",
            scores.ToString());
        Assert.Equal(("mean average precision", 1.0), (scores.MainName, scores.Main));
    }

    [Fact]
    public void What_cannot_be_measured_is_refused()
    {
        var two = new Matrix(2, 2, [0.5f, 0.5f, 1, 0]);
        Assert.Contains("no rows to measure on", Message(() => LabelScores.Of(new Matrix(0, 2), [], ["a", "b"])), StringComparison.Ordinal);
        Assert.Equal(
            "2 x 2 probabilities for 1 rows of labels and 2 label names; expected 1 x 2", Message(() => LabelScores.Of(two, [[0]], ["a", "b"])));
        Assert.Equal(
            "row 1 has the labels 0, 2; expected numbers from 0 to 1, each once", Message(() => LabelScores.Of(two, [[], [0, 2]], ["a", "b"])));
        Assert.Equal(
            "row 0 has the labels 1, 1; expected numbers from 0 to 1, each once", Message(() => LabelScores.Of(two, [[1, 1], []], ["a", "b"])));
        two.Values[3] = float.NaN;
        Assert.Equal(
            "the probabilities of row 1 hold a NaN or infinite value; expected numbers from 0 to 1", Message(() => LabelScores.Of(two, [[], []], ["a", "b"])));
    }

    private static string Message(Action action) => Assert.Throws<ArgumentException>(action).Message;
}
