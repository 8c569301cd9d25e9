using OnnxTransfer.Embeddings;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Heads;

/// <summary>Centroids of classes, and how far rows are from them: standardised rows, for Cosine of length 1.</summary>
internal sealed class Centroids
{
    private readonly ClassMeans _classes;
    private readonly Standardisation _standardisation;
    private readonly Distance _distance;
    private readonly double[] _means; // p x D; directions for Cosine
    private readonly double[] _squares;
    private readonly int _width;

    public Centroids(ClassMeans classes, Standardisation standardisation, Distance distance)
    {
        (_classes, _standardisation, _distance, _width) = (classes, standardisation, distance, standardisation.Mean.Length);
        _means = [.. classes.Means];
        _squares = new double[classes.Weights.Length];
        for (int c = 0; c < _squares.Length; c++)
        {
            var mean = _means.AsSpan(c * _width, _width);
            Direct(mean);
            _squares[c] = DoubleProducts.Dot(mean, mean);
        }
    }

    /// <summary>The temperature of least log loss, every row left out of its own centroid.</summary>
    public double Temperature(EmbeddingSet set, int threads, CancellationToken cancellation)
    {
        int outputs = _squares.Length;
        var classOf = new int[set.Count];
        foreach (var (c, rows) in _classes.Rows.Index())
        {
            foreach (int row in rows)
            {
                classOf[row] = c;
            }
        }

        int[] usable = [.. Enumerable.Range(0, set.Count).Where(i => _classes.Rows[classOf[i]].Length > 1)];
        if (usable.Length == 0)
        {
            return _distance == Distance.Cosine ? 1 : Spread();
        }

        int[] picked = [.. ScoreTemperature.Sample(usable.Length, outputs).Select(i => usable[i])];
        var scores = new double[checked(picked.Length * outputs)];
        var options = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation };
        Parallel.For(0, picked.Length, options, () => new double[_width], (n, _, row) =>
        {
            int i = picked[n];
            Standardised(set.Rows[i], row);
            double share = (set.Weights.Length == 0 ? 1 : set.Weights[i]) / _classes.Weights[classOf[i]];
            Score(row, classOf[i], share, scores.AsSpan(n * outputs, outputs));
            return row;
        }, _ => { });
        double[] weights = [.. picked.Select(i => set.Weights.Length == 0 ? 1 : set.Weights[i])];
        return ScoreTemperature.Fit(scores, [.. picked.Select(i => new[] { classOf[i] })], weights, outputs, labels: false).Temperature;
    }

    /// <summary>The head at a temperature.</summary>
    public IHead Head(double temperature, int[] present, IReadOnlyList<string> classes)
    {
        double[] weights = Array.ConvertAll(_means, value => 2 / temperature * value);
        var bias = new double[_squares.Length];
        if (_distance == Distance.Cosine)
        {
            var lines = ClassesWithoutRows.Head(weights, bias, present, classes, Activation.Softmax);
            return new CentroidHead(Array.ConvertAll(_standardisation.Mean, value => (float)value), Array.ConvertAll(_standardisation.Scale, value => (float)value), lines);
        }

        for (int c = 0; c < bias.Length; c++)
        {
            bias[c] = -_squares[c] / temperature;
        }

        _standardisation.Fold(weights, bias);
        return ClassesWithoutRows.Head(weights, bias, present, classes, Activation.Softmax);
    }

    // -d² to every centroid, its own computed without the row, which has the given share in it.
    private void Score(double[] row, int own, double share, Span<double> scores)
    {
        double square = DoubleProducts.Dot(row, row);
        if (_distance == Distance.Cosine)
        {
            var mean = _classes.Means.AsSpan(own * _width, _width);
            double product = DoubleProducts.Dot(row, mean) - (share * square);
            double rest = DoubleProducts.Dot(mean, mean) - (2 * share * DoubleProducts.Dot(row, mean)) + (share * share * square);
            Direct(row);
            Distances(row, scores);
            scores[own] = -2 * (1 - (square > 0 && rest > 0 ? Math.Clamp(product / Math.Sqrt(square * rest), -1, 1) : 0));
            return;
        }

        Distances(row, scores);
        scores[own] /= (1 - share) * (1 - share);
    }

    private void Distances(double[] row, Span<double> scores)
    {
        double square = DoubleProducts.Dot(row, row);
        for (int c = 0; c < scores.Length; c++)
        {
            scores[c] = (2 * DoubleProducts.Dot(row, _means.AsSpan(c * _width, _width))) - square - _squares[c];
        }
    }

    // The mean squared distance of the centroids, which are the rows here, from their mean; never 0.
    private double Spread()
    {
        double total = _classes.Weights.Sum();
        var centre = new double[_width];
        double squares = 0;
        for (int c = 0; c < _squares.Length; c++)
        {
            DoubleProducts.AddScaled(_classes.Weights[c] / total, _means.AsSpan(c * _width, _width), centre);
            squares += _classes.Weights[c] / total * _squares[c];
        }

        double spread = squares - DoubleProducts.Dot(centre, centre);
        return spread > 1e-12 * squares ? spread : 1;
    }

    private void Standardised(ReadOnlySpan<float> row, double[] result)
    {
        for (int j = 0; j < result.Length; j++)
        {
            result[j] = (row[j] - _standardisation.Mean[j]) * _standardisation.Scale[j];
        }
    }

    private void Direct(Span<double> values)
    {
        double length = Math.Sqrt(DoubleProducts.Dot(values, values));
        for (int j = 0; _distance == Distance.Cosine && j < values.Length; j++)
        {
            values[j] /= Math.Max(length, Onnx.L2Normalization.LeastLength);
        }
    }
}
