using OnnxTransfer.Embeddings;
using OnnxTransfer.Heads;

namespace OnnxTransfer.Evaluation;

/// <summary>
/// What a linear probe loses when another backbone embeds the same images, both for its fit and for its test: logistic
/// regressions with one L2, chosen on the first backbone's embeddings.
/// </summary>
/// <param name="FitImages">Images each probe was fitted on.</param>
/// <param name="TestImages">Images each was measured on.</param>
/// <param name="Accuracy">Accuracy on the first backbone's embeddings, 0 to 1.</param>
/// <param name="AccuracyInterval">Its 95 % interval.</param>
/// <param name="OtherAccuracy">Accuracy on the other's.</param>
/// <param name="OtherAccuracyInterval">Its 95 % interval.</param>
/// <param name="Points">Lost accuracy in points, 100 (Accuracy - OtherAccuracy); negative where the other is better.</param>
/// <param name="PointsInterval">Its 95 % interval: test images resampled in pairs.</param>
public sealed record ProbeLoss(
    int FitImages, int TestImages, double Accuracy, Interval AccuracyInterval, double OtherAccuracy, Interval OtherAccuracyInterval, double Points, Interval PointsInterval)
{
    /// <summary>Fits and measures both probes.</summary>
    /// <param name="fit">N x D embeddings with labels.</param>
    /// <param name="test">M x D embeddings with labels.</param>
    /// <param name="otherFit">The other backbone's of the same images.</param>
    /// <param name="otherTest">The other backbone's of the same images.</param>
    /// <param name="seed">Of the intervals.</param>
    /// <param name="cancellation">Ends it with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="FitException">The embeddings cannot be learned from.</exception>
    public static ProbeLoss Measure(
        EmbeddingSet fit, EmbeddingSet test, EmbeddingSet otherFit, EmbeddingSet otherTest, long seed = 0, CancellationToken cancellation = default)
    {
        var (head, report) = new LogisticRegression().FitAndReport(fit, null, cancellation);
        var other = new LogisticRegression { L2 = report.Chosen!.Value }.Fit(otherFit, cancellation);
        var (first, second) = (head.EvaluateClasses(test, seed), other.EvaluateClasses(otherTest, seed));
        var (right, otherRight) = (Right(head, test), Right(other, otherTest));
        double[] ones = [.. right.Select(_ => 1.0)];
        var interval = Bootstrap.Of([[.. right.Zip(otherRight, (a, b) => 100 * (a - b))], ones], test.Groups, seed, sums => sums[0] / sums[1]);
        return new(
            fit.Count, test.Count, first.Accuracy, first.AccuracyInterval, second.Accuracy, second.AccuracyInterval, 100 * (first.Accuracy - second.Accuracy), interval);
    }

    private static double[] Right(IHead head, EmbeddingSet set)
    {
        var predicted = head.Predict(set.Rows);
        return [.. Enumerable.Range(0, set.Count).Select(i => predicted.Row(i).IndexOf(predicted.Row(i).ToArray().Max()) == set.Labels[i] ? 1.0 : 0.0)];
    }
}
