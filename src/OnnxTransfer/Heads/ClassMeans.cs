using OnnxTransfer.Embeddings;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Heads;

/// <summary>The weighted mean of every class that has rows, in float64.</summary>
/// <param name="Means">p x D means of standardised embeddings.</param>
/// <param name="Weights">p sums of weights.</param>
/// <param name="Rows">The rows of each class, ascending.</param>
internal sealed record ClassMeans(double[] Means, double[] Weights, int[][] Rows)
{
    /// <summary>Measures a set whose labels are all among <paramref name="present"/>.</summary>
    public static ClassMeans Of(EmbeddingSet set, int[] present, Standardisation standardisation, int threads, CancellationToken cancellation)
    {
        int width = set.Width;
        int[][] rows = [.. Enumerable.Range(0, set.Count).GroupBy(i => set.Labels[i]).OrderBy(group => group.Key).Select(group => group.ToArray())];
        var means = new double[present.Length * width];
        var weights = new double[present.Length];
        Parallel.For(0, present.Length, new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation }, c =>
        {
            var sum = means.AsSpan(c * width, width);
            foreach (int i in rows[c])
            {
                double weight = set.Weights.Length == 0 ? 1 : set.Weights[i];
                var row = set.Rows[i];
                for (int j = 0; j < sum.Length; j++)
                {
                    sum[j] += weight * (row[j] - standardisation.Mean[j]);
                }

                weights[c] += weight;
            }

            for (int j = 0; j < sum.Length; j++)
            {
                sum[j] *= standardisation.Scale[j] / weights[c];
            }
        });
        return new ClassMeans(means, weights, rows);
    }
}
