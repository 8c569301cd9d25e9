using Microsoft.ML;
using Microsoft.ML.Data;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Heads;
using OnnxTransfer.Numerics;
using OnnxTransfer.Tests.Heads;

namespace OnnxTransfer.MLNet.Tests;

/// <summary>ML.NET's metrics and ours say the same of the same predictions.</summary>
public class MetricsAgreementTests
{
    [Fact]
    public void Of_classes()
    {
        // Seven classes, unevenly many rows of them, far from separable; one test row in three is of the first.
        var train = Planted.Classes(210, 5, 7, distance: 0.6);
        var test = Planted.Classes(300, 5, 7, distance: 0.6, seed: 2);
        test = test.Subset([.. Enumerable.Range(0, 300).Where(i => i % 7 == 0 || i % 3 == 0)]);
        var head = new LogisticRegression { L2 = 1e-2 }.Fit(train);
        var predicted = head.Predict(test.Rows);
        var ours = ClassificationScores.Of(predicted, test.Labels, test.Classes);

        var ml = new MLContext(seed: 0);
        var rows = Enumerable.Range(0, test.Count).Select(i => new Classified
        {
            Label = (uint)test.Labels[i],
            Score = predicted[i].ToArray(),
            PredictedLabel = (uint)First(predicted[i]),
        });
        var theirs = ml.MulticlassClassification.Evaluate(ml.Data.LoadFromEnumerable(rows), topKPredictionCount: 5);

        Assert.Equal(theirs.MicroAccuracy, ours.Accuracy, 1e-9);
        Assert.Equal(theirs.MacroAccuracy, ours.MacroRecall, 1e-9);
        Assert.Equal(theirs.TopKAccuracy, ours.TopFive, 1e-9);
        Assert.Equal(theirs.ConfusionMatrix.Counts.Select(row => row.ToArray()), ours.Confusion.Select(row => row.Select(count => (double)count).ToArray()));
        Assert.Equal(theirs.ConfusionMatrix.PerClassPrecision, ours.PerClass.Select(c => c.Precision), (a, b) => Math.Abs(a - b) < 1e-9);
        Assert.Equal(theirs.ConfusionMatrix.PerClassRecall, ours.PerClass.Select(c => c.Recall), (a, b) => Math.Abs(a - b) < 1e-9);

        // Ours clips probabilities to [2^-23, 1 - 2^-23] and brings them to sum 1 again, ML.NET's to at least 1e-15.
        Assert.Equal(theirs.LogLoss, ours.LogLoss, 1e-6);
    }

    [Fact]
    public void Of_a_certain_miss_the_log_loss_differs_by_the_clipping()
    {
        var ml = new MLContext(seed: 0);
        var theirs = ml.MulticlassClassification.Evaluate(ml.Data.LoadFromEnumerable(new[]
        {
            new Pair { Label = 0, Score = [0, 1], PredictedLabel = 1 },
            new Pair { Label = 1, Score = [0, 1], PredictedLabel = 1 },
        }));
        var ours = ClassificationScores.Of(new Matrix(2, 2, [0, 1, 0, 1]), [0, 1], ["a", "b"]);
        Assert.Equal(-0.5 * Math.Log(1e-15), theirs.LogLoss, 0.01);
        Assert.Equal(0.5 * 23 * Math.Log(2), ours.LogLoss, 0.01);
    }

    [Fact]
    public void Of_values()
    {
        var (train, test) = (Planted.Values(120, 4, noise: 1), Planted.Values(80, 4, noise: 1, seed: 2));
        float[] predicted = new RidgeRegression { L2 = 1e-2 }.Fit(train).Predict(test.Rows).Values;

        // ML.NET's targets are float32.
        double[] targets = Array.ConvertAll(test.Targets, target => (double)(float)target);
        var ours = RegressionScores.Of(Array.ConvertAll(predicted, value => (double)value), targets);
        var ml = new MLContext(seed: 0);
        var theirs = ml.Regression.Evaluate(ml.Data.LoadFromEnumerable(
            predicted.Zip(targets, (value, target) => new Valued { Label = (float)target, Score = value })));

        // ML.NET takes each error in float32.
        Assert.Equal(theirs.RSquared, ours.R2, 1e-6);
        Assert.Equal(theirs.RootMeanSquaredError, ours.RootMeanSquaredError, 1e-6);
        Assert.Equal(theirs.MeanAbsoluteError, ours.MeanAbsoluteError, 1e-6);
    }

    private static int First(ReadOnlySpan<float> row)
    {
        int best = 0;
        for (int c = 1; c < row.Length; c++)
        {
            best = row[c] > row[best] ? c : best;
        }

        return best;
    }

    // ML.NET counts the keys of a class's properties from 0.
    private sealed class Classified
    {
        [KeyType(7)]
        public uint Label { get; set; }

        [VectorType(7)]
        public float[] Score { get; set; } = [];

        [KeyType(7)]
        public uint PredictedLabel { get; set; }
    }

    private sealed class Pair
    {
        [KeyType(2)]
        public uint Label { get; set; }

        [VectorType(2)]
        public float[] Score { get; set; } = [];

        [KeyType(2)]
        public uint PredictedLabel { get; set; }
    }

    private sealed class Valued
    {
        public float Label { get; set; }

        public float Score { get; set; }
    }
}
