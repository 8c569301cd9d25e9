using OnnxTransfer.Embeddings;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Heads;

/// <summary>The shrunk covariance that classes have in common, of standardised embeddings, in float64.</summary>
internal sealed class ClassCovariance
{
    private readonly EmbeddingSet _set;
    private readonly ClassMeans _classes;
    private readonly Standardisation _standardisation;
    private readonly int _threads;
    private readonly CancellationToken _cancellation;
    private readonly int _width;
    private readonly int _varying; // columns that are not constant

    public ClassCovariance(EmbeddingSet set, ClassMeans classes, Standardisation standardisation, int threads, CancellationToken cancellation)
    {
        (_set, _classes, _standardisation, _threads, _cancellation) = (set, classes, standardisation, threads, cancellation);
        _width = set.Width;
        _varying = Math.Max(1, standardisation.Scale.Count(scale => scale > 0));
    }

    /// <summary>
    /// The lower triangle of S, D x D, and its shrinkage: given, or the classes' mean by prior. Constant columns get 1 on the
    /// diagonal, so that their weights come out as 0.
    /// </summary>
    public (double[] Matrix, double Shrinkage) Pooled(double[] priors, double? shrinkage)
    {
        var added = new double[_width];
        var kept = new double[priors.Length]; // the part of each class's own covariance in S
        for (int c = 0; c < priors.Length; c++)
        {
            double own = shrinkage ?? LedoitWolf(c, priors[c], added);
            kept[c] = priors[c] * (1 - own);
        }

        var classOf = new int[_set.Count];
        foreach (var (c, rows) in _classes.Rows.Index())
        {
            foreach (int row in rows)
            {
                classOf[row] = c;
            }
        }

        double[] matrix = Scatter.Of(_set.Count, _width, (i, row) =>
        {
            int c = classOf[i];
            Centred(i, c, row);
            Multiply(row, Math.Sqrt((shrinkage is null ? kept[c] : priors[c]) * Share(i, c)));
        }, _threads, _cancellation);
        if (shrinkage is { } given)
        {
            double mean = Enumerable.Range(0, _width).Sum(j => matrix[((long)j * _width) + j]) / _varying;
            Multiply(matrix, 1 - given);
            Array.Fill(added, given * mean);
        }

        for (int j = 0; j < _width; j++)
        {
            matrix[((long)j * _width) + j] = _standardisation.Scale[j] > 0 ? matrix[((long)j * _width) + j] + added[j] : 1;
        }

        return (matrix, shrinkage ?? Math.Max(0, 1 - kept.Sum()));
    }

    // Ledoit and Wolf (2004), lemma 3.1 ff., as scikit-learn computes it, on columns of deviation 1 within the class. What
    // shrinking adds to the diagonal of the class's covariance goes, times its prior, to the sum.
    private double LedoitWolf(int c, double prior, double[] added)
    {
        int[] rows = _classes.Rows[c];
        if (rows.Length == 1)
        {
            return 0; // no covariance, nothing to shrink
        }

        double[] deviations = Deviations(c);
        int alive = deviations.Count(deviation => deviation > 0);
        double[] unit = Array.ConvertAll(deviations, deviation => deviation > 0 ? deviation : 1);
        double mean = (double)alive / _varying;
        var quartic = new double[rows.Length];
        Scatter.Source source = (n, row) =>
        {
            Centred(rows[n], c, row);
            for (int j = 0; j < row.Length; j++)
            {
                row[j] /= unit[j];
            }

            double square = DoubleProducts.Dot(row, row), share = Share(rows[n], c);
            quartic[n] = share * square * square;
            Multiply(row, Math.Sqrt(share));
        };
        double squares = Scatter.SquaredNorm(rows.Length, _width, source, _threads, _cancellation);
        double count = 1 / rows.Sum(i => Share(i, c) * Share(i, c));
        double noise = (quartic.Sum() - squares) / (_varying * count);
        double distance = (squares - (_varying * mean * mean)) / _varying;
        double shrinkage = _varying == 1 || !(distance > 0) ? 0 : Math.Clamp(noise / distance, 0, 1);
        for (int j = 0; j < _width; j++)
        {
            added[j] += prior * shrinkage * mean * unit[j] * unit[j];
        }

        return shrinkage;
    }

    // Standard deviations of the columns within a class; 0 for those that do not vary there.
    private double[] Deviations(int c)
    {
        var sums = new double[_width];
        var row = new double[_width];
        foreach (int i in _classes.Rows[c])
        {
            Centred(i, c, row);
            double share = Share(i, c);
            for (int j = 0; j < row.Length; j++)
            {
                sums[j] += share * row[j] * row[j];
            }
        }

        for (int j = 0; j < sums.Length; j++)
        {
            bool isRounding = Math.Sqrt(sums[j]) <= 1e-10 * Math.Abs(_classes.Means[(c * _width) + j]);
            sums[j] = isRounding ? 0 : Math.Sqrt(sums[j]);
        }

        return sums;
    }

    private double Share(int row, int c) => (_set.Weights.Length == 0 ? 1 : _set.Weights[row]) / _classes.Weights[c];

    // The standardised row less the mean of its class.
    private void Centred(int i, int c, Span<double> result)
    {
        var row = _set.Rows[i];
        var mean = _classes.Means.AsSpan(c * _width, _width);
        for (int j = 0; j < result.Length; j++)
        {
            result[j] = ((row[j] - _standardisation.Mean[j]) * _standardisation.Scale[j]) - mean[j];
        }
    }

    private static void Multiply(Span<double> values, double factor)
    {
        for (int j = 0; j < values.Length; j++)
        {
            values[j] *= factor;
        }
    }
}
