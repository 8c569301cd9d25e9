using OnnxTransfer.Numerics;

namespace OnnxTransfer.Evaluation;

/// <summary>How near two backbones' embeddings of the same images are: the cosine of each pair.</summary>
/// <param name="Images">Images compared.</param>
/// <param name="Mean">Mean cosine.</param>
/// <param name="Median">Median cosine.</param>
/// <param name="FirstPercentile">1st percentile of the cosines, linear between neighbours.</param>
public sealed record EmbeddingAgreement(int Images, double Mean, double Median, double FirstPercentile)
{
    /// <summary>Compares row i of one with row i of the other. A row of zeros equals another one, and nothing else.</summary>
    /// <param name="first">N x D embeddings, N at least 1.</param>
    /// <param name="second">N x D embeddings of the same images.</param>
    /// <exception cref="ArgumentException">They are of different shape, or empty.</exception>
    public static EmbeddingAgreement Of(IRows first, IRows second)
    {
        if (first.Count == 0 || first.Count != second.Count || first.Width != second.Width)
        {
            throw new ArgumentException($"{first.Count} x {first.Width} embeddings and {second.Count} x {second.Width}; expected as many of the same width, at least one");
        }

        var cosines = new double[first.Count];
        Parallel.For(0, cosines.Length, i => cosines[i] = Cosine(first[i], second[i]));
        Array.Sort(cosines);
        return new(cosines.Length, cosines.Average(), Bootstrap.Quantile(cosines, 0.5), Bootstrap.Quantile(cosines, 0.01));
    }

    private static double Cosine(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double dot = 0, squareA = 0, squareB = 0;
        for (var i = 0; i < a.Length; i++)
        {
            dot += (double)a[i] * b[i];
            squareA += (double)a[i] * a[i];
            squareB += (double)b[i] * b[i];
        }

        return squareA == 0 && squareB == 0 ? 1 : squareA == 0 || squareB == 0 ? 0 : dot / Math.Sqrt(squareA * squareB);
    }
}
