using OnnxTransfer.Numerics;

namespace OnnxTransfer.Heads;

/// <summary>Test-time augmentation: one answer from an image as it is and from augmented views of it.</summary>
public static class ViewAverage
{
    /// <summary>The mean of a head's answers, probabilities or values, for the plain rows and for each view's.</summary>
    /// <param name="head">A fitted head.</param>
    /// <param name="plain">N x D embeddings of the images as they are.</param>
    /// <param name="views">The same of every view, in the same order; none: the head's own answers.</param>
    /// <exception cref="ArgumentException">A view has another number of rows, or the embeddings are not as wide as the head takes.</exception>
    public static Matrix Predict(this IHead head, IRows plain, IReadOnlyList<IRows> views)
    {
        var mean = head.Predict(plain);
        foreach (var (i, view) in views.Index())
        {
            if (view.Count != plain.Count)
            {
                throw new ArgumentException($"view {i + 1} has {view.Count} rows, the plain set {plain.Count}; expected the same items in the same order", nameof(views));
            }

            Add(head.Predict(view).Values, mean.Values);
        }

        Divide(mean.Values, views.Count + 1);
        return mean;
    }

    internal static void Add(ReadOnlySpan<float> values, Span<float> sum)
    {
        for (int i = 0; i < sum.Length; i++)
        {
            sum[i] += values[i];
        }
    }

    internal static void Divide(Span<float> sum, int count)
    {
        for (int i = 0; count > 1 && i < sum.Length; i++)
        {
            sum[i] /= count;
        }
    }
}
