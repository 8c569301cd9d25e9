using OnnxTransfer.Embeddings;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Heads;

/// <summary>
/// Other coordinates for the weights of a linear model, in which its objective is about as steep in every direction:
/// v = Lᵀ w with L Lᵀ = the second moments of the standardised embeddings + L2 I. Columns of embeddings depend on each other
/// so strongly that L-BFGS takes many times the iterations without. It is exact whatever L is, so that evenly spaced rows,
/// four for each column, are enough to make it from.
/// </summary>
internal sealed class Whitening
{
    private const int RowsPerColumn = 4;
    private const double LeastL2 = 1e-6; // of the mean second moment: keeps L regular

    private readonly int _width;
    private readonly int _threads;
    private readonly double[] _moments; // lower triangle, D x D
    private readonly double _mean;
    private double[] _factor = [];
    private double _factored = double.NaN;

    public Whitening(EmbeddingSet set, Standardisation standardisation, int threads, CancellationToken cancellation)
    {
        (_width, _threads) = (set.Width, threads);
        int count = Math.Min(set.Count, RowsPerColumn * _width);
        double total = set.Weights.Length == 0 ? count : Enumerable.Range(0, count).Sum(i => set.Weights[Row(i, count, set.Count)]);
        _moments = Scatter.Of(count, _width, (i, result) =>
        {
            int picked = Row(i, count, set.Count);
            var row = set.Rows[picked];
            double root = Math.Sqrt((set.Weights.Length == 0 ? 1 : set.Weights[picked]) / total);
            for (int j = 0; j < result.Length; j++)
            {
                result[j] = root * standardisation.Scale[j] * (row[j] - standardisation.Mean[j]);
            }
        }, threads, cancellation);
        _mean = Enumerable.Range(0, _width).Average(j => _moments[((long)j * _width) + j]);
    }

    /// <summary>Makes L for an L2.</summary>
    public void Prepare(double l2, CancellationToken cancellation)
    {
        if (l2 == _factored)
        {
            return;
        }

        // Twice as much until it is positive definite in floating point: with equal columns 1e-6 may not be enough.
        for (double added = Math.Max(l2, LeastL2 * (_mean > 0 ? _mean : 1)); ; added *= 2)
        {
            double[] matrix = [.. _moments];
            for (int j = 0; j < _width; j++)
            {
                matrix[((long)j * _width) + j] += added;
            }

            if (Cholesky.Factor(matrix, _width, _threads, cancellation) is not null)
            {
                (_factor, _factored) = (matrix, l2); // Factor left L in the memory it was given
                return;
            }
        }
    }

    /// <summary>m x D weights become coordinates: v = Lᵀ w.</summary>
    public void FromWeights(Span<double> weights) => Each(weights, (lower, row) =>
    {
        for (int i = 0; i < row.Length; i++)
        {
            double value = row[i];
            row[i] = 0;
            DoubleProducts.AddScaled(value, lower.AsSpan(i * row.Length, i + 1), row);
        }
    });

    /// <summary>Coordinates become m x D weights: Lᵀ w = v.</summary>
    public void ToWeights(Span<double> coordinates) => Each(coordinates, (lower, row) =>
    {
        for (int i = row.Length - 1; i >= 0; i--)
        {
            var line = lower.AsSpan(i * row.Length, i + 1);
            row[i] /= line[i];
            DoubleProducts.AddScaled(-row[i], line[..i], row);
        }
    });

    /// <summary>The gradient by m x D weights becomes that by coordinates: L g' = g.</summary>
    public void ToCoordinates(Span<double> gradient) => Each(gradient, (lower, row) =>
    {
        for (int i = 0; i < row.Length; i++)
        {
            var line = lower.AsSpan(i * row.Length, i + 1);
            row[i] = (row[i] - DoubleProducts.Dot(line[..i], row.AsSpan(0, i))) / line[i];
        }
    });

    private static int Row(int i, int count, int rows) => (int)((long)i * rows / count);

    private void Each(Span<double> values, Action<double[], double[]> solve)
    {
        double[][] rows = new double[values.Length / _width][];
        for (int c = 0; c < rows.Length; c++)
        {
            rows[c] = values.Slice(c * _width, _width).ToArray();
        }

        Parallel.For(0, rows.Length, new ParallelOptions { MaxDegreeOfParallelism = _threads }, c => solve(_factor, rows[c]));
        for (int c = 0; c < rows.Length; c++)
        {
            rows[c].CopyTo(values[(c * _width)..]);
        }
    }
}
