using System.Runtime.InteropServices;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Training;

namespace OnnxTransfer.Heads.Tuning;

/// <summary>Embeddings whose targets are themselves, each number brought to mean 0 and deviation 1 over the training rows.</summary>
internal sealed class ReconstructedEmbeddings : ITrainingRows
{
    private readonly EmbeddingSet _set;
    private readonly int[] _used;
    private readonly int _width;

    /// <param name="set">The embeddings.</param>
    /// <param name="used">Its rows that are meant; these are rows 0, 1, ... here.</param>
    /// <param name="train">The rows here that means and deviations are taken over.</param>
    /// <param name="width">The first columns, which are meant.</param>
    public ReconstructedEmbeddings(EmbeddingSet set, int[] used, int[] train, int width)
    {
        (_set, _used, _width) = (set, used, width);
        double[] sums = new double[width], squares = new double[width];
        foreach (int row in train)
        {
            var values = Row(row);
            for (int i = 0; i < width; i++)
            {
                sums[i] += values[i];
                squares[i] += (double)values[i] * values[i];
            }
        }

        Means = [.. sums.Select(sum => (float)(sum / train.Length))];
        Scales = [.. sums.Zip(squares, (sum, square) => Scale(sum / train.Length, square / train.Length))];
    }

    public int Count => _used.Length;

    public float[] Means { get; }

    /// <summary>1 over the deviations; 1 where a number is always the same.</summary>
    public float[] Scales { get; }

    public void Fill(int epoch, ReadOnlySpan<int> rows, Span<byte> inputs, Span<float> targets, Span<float> weights)
    {
        var floats = MemoryMarshal.Cast<byte, float>(inputs);
        for (int row = 0; row < rows.Length; row++)
        {
            var values = Row(rows[row]);
            values.CopyTo(floats[(row * _width)..]);
            for (int i = 0; i < _width; i++)
            {
                targets[(row * _width) + i] = (values[i] - Means[i]) * Scales[i];
            }

            weights[row] = 1;
        }
    }

    private ReadOnlySpan<float> Row(int row) => _set.Rows[_used[row]][.._width];

    // What rounding leaves of a constant's variance is none.
    private static float Scale(double mean, double square)
    {
        double variance = square - (mean * mean);
        return variance > 1e-9 * Math.Max(square, 1e-30) ? (float)(1 / Math.Sqrt(variance)) : 1;
    }
}
