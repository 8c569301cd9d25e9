using System.Numerics;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Heads;

/// <summary>
/// Mean log loss of softmax(W z + b) over weighted rows, plus L2/2 ||W||²; z the standardised embedding. Parameters: k x D
/// weights, then k biases. One pass over the rows: a block is standardised into cache, its logits and its share of the
/// gradient are made there in float32; sums over blocks, softmax and loss are float64.
/// </summary>
internal sealed class SoftmaxObjective(
    IRows rows, int[] labels, double[] weights, int classes, Standardisation standardisation, int threads)
{
    private const int BlockRows = 32;
    private const int RowsPerFloatSum = 256; // float32 gradients are added to float64 before they grow coarse

    private readonly int _width = rows.Width;
    private readonly double _totalWeight = weights.Length == 0 ? rows.Count : weights.Sum();
    private readonly int _chunks = Chunks.Count(rows.Count, 8L * classes * (rows.Width + 1));
    private readonly float[] _mean = Array.ConvertAll(standardisation.Mean, value => (float)value);
    private readonly float[] _scale = Array.ConvertAll(standardisation.Scale, value => (float)value);
    private readonly float[] _singleWeights = new float[classes * rows.Width];
    private readonly double[]?[] _gradients = new double[]?[Chunks.Count(rows.Count, 8L * classes * (rows.Width + 1))];

    /// <summary>Number of parameters: k x (D + 1).</summary>
    public int Size => classes * (_width + 1);

    /// <summary>The penalty on the weights; the biases bear none.</summary>
    public double L2 { get; set; }

    /// <summary>The objective at <paramref name="parameters"/> and its gradient.</summary>
    public double Evaluate(ReadOnlySpan<double> parameters, Span<double> gradient, CancellationToken cancellation)
    {
        double loss = Pass(parameters, withGradient: true, cancellation);
        gradient.Clear();
        foreach (double[]? partial in _gradients)
        {
            DoubleProducts.AddScaled(1 / _totalWeight, partial!, gradient);
        }

        var inner = parameters[..(classes * _width)];
        DoubleProducts.AddScaled(L2, inner, gradient[..inner.Length]);
        return loss + (0.5 * L2 * DoubleProducts.Dot(inner, inner));
    }

    /// <summary>The mean log loss alone, without penalty: the score of validation rows.</summary>
    public double Loss(ReadOnlySpan<double> parameters, CancellationToken cancellation) => Pass(parameters, withGradient: false, cancellation);

    private double Pass(ReadOnlySpan<double> parameters, bool withGradient, CancellationToken cancellation)
    {
        for (int i = 0; i < _singleWeights.Length; i++)
        {
            _singleWeights[i] = (float)parameters[i];
        }

        double[] bias = parameters[_singleWeights.Length..].ToArray();
        var losses = new double[_chunks];
        var options = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation };
        Parallel.For(0, _chunks, options, () => new Scratch(_width, classes), (chunk, _, scratch) =>
        {
            losses[chunk] = Chunk(chunk, bias, withGradient, scratch);
            return scratch;
        }, _ => { });
        return losses.Sum() / _totalWeight;
    }

    private double Chunk(int chunk, double[] bias, bool withGradient, Scratch scratch)
    {
        int first = Chunks.Start(chunk, _chunks, rows.Count), end = Chunks.Start(chunk + 1, _chunks, rows.Count);
        double[]? gradient = null;
        if (withGradient)
        {
            gradient = _gradients[chunk] ??= new double[Size];
            Array.Clear(gradient);
        }

        double loss = 0;
        int summed = 0;
        for (int from = first; from < end; from += BlockRows)
        {
            int count = Math.Min(BlockRows, end - from);
            var block = scratch.Rows.AsSpan(0, count * _width);
            var logits = scratch.Logits.AsSpan(0, count * classes);
            for (int i = 0; i < count; i++)
            {
                Standardise(rows[from + i], block.Slice(i * _width, _width));
            }

            FloatProducts.Multiply(block, _singleWeights, _width, logits);
            for (int i = 0; i < count; i++)
            {
                loss += Row(logits.Slice(i * classes, classes), bias, from + i, scratch.Row, gradient);
            }

            if (gradient is not null)
            {
                FloatProducts.AddOuter(logits, block, _width, scratch.Gradient);
                summed += count;
                if (summed >= RowsPerFloatSum || from + count == end)
                {
                    Flush(scratch.Gradient, gradient);
                    summed = 0;
                }
            }
        }

        return loss;
    }

    // Logits of one row become its residuals; their sums are the gradient of the biases.
    private double Row(Span<float> logits, double[] bias, int row, double[] buffer, double[]? gradient)
    {
        for (int c = 0; c < classes; c++)
        {
            buffer[c] = logits[c] + bias[c];
        }

        double loss = Softmax.Loss(buffer, labels[row], weights.Length == 0 ? 1 : weights[row]);
        if (gradient is not null)
        {
            for (int c = 0; c < classes; c++)
            {
                logits[c] = (float)buffer[c];
                gradient[(classes * _width) + c] += buffer[c];
            }
        }

        return loss;
    }

    private void Standardise(ReadOnlySpan<float> row, Span<float> result)
    {
        var means = _mean.AsSpan(0, result.Length);
        var scales = _scale.AsSpan(0, result.Length);
        int j = 0;
        for (; j + Vector<float>.Count <= result.Length; j += Vector<float>.Count)
        {
            var value = new Vector<float>(row[j..]) - new Vector<float>(means[j..]);
            (value * new Vector<float>(scales[j..])).CopyTo(result[j..]);
        }

        for (; j < result.Length; j++)
        {
            result[j] = (row[j] - means[j]) * scales[j];
        }
    }

    private static void Flush(float[] from, double[] into)
    {
        for (int i = 0; i < from.Length; i++)
        {
            into[i] += from[i];
        }

        Array.Clear(from);
    }

    private sealed class Scratch(int width, int classes)
    {
        public float[] Rows { get; } = new float[BlockRows * width];

        public float[] Logits { get; } = new float[BlockRows * classes];

        public double[] Row { get; } = new double[classes];

        public float[] Gradient { get; } = new float[classes * width];
    }
}
