using System.Numerics;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Heads;

/// <summary>
/// The weighted mean over rows of a loss of the scores W z + b, plus L2/2 ||W||²; z the standardised embedding. Parameters:
/// m x D weights, then m biases. One pass over the rows: a block is standardised into cache, its scores and its share of
/// the gradient are made there in float32; losses and sums over blocks are float64.
/// </summary>
/// <param name="rows">N x D embeddings.</param>
/// <param name="weights">N weights, or none where all are 1.</param>
/// <param name="outputs">m, the number of scores.</param>
/// <param name="further">How many further sums over rows the loss makes.</param>
/// <param name="standardisation">Of the rows, in float32.</param>
/// <param name="threads">Threads to work on; no result depends on it.</param>
internal sealed class LinearObjective(
    IRows rows, double[] weights, int outputs, int further, Standardisation standardisation, int threads)
{
    private const int BlockRows = 32;
    private const int RowsPerFloatSum = 256; // float32 gradients are added to float64 before they grow coarse

    private readonly int _width = rows.Width;
    private readonly double _totalWeight = weights.Length == 0 ? rows.Count : weights.Sum();
    private readonly int _chunks = Chunks.Count(rows.Count, 8L * outputs * (rows.Width + 1));
    private readonly float[] _mean = Array.ConvertAll(standardisation.Mean, value => (float)value);
    private readonly float[] _scale = Array.ConvertAll(standardisation.Scale, value => (float)value);
    private readonly float[] _singleWeights = new float[outputs * rows.Width];
    private readonly double[]?[] _gradients = new double[]?[Chunks.Count(rows.Count, 8L * outputs * (rows.Width + 1))];

    /// <summary>The loss of one row, its weight left aside.</summary>
    /// <param name="row">Which row.</param>
    /// <param name="scores">m scores; become the loss's gradient by score.</param>
    /// <param name="sums">Receives the row's share of the further sums.</param>
    public delegate double RowLoss(int row, Span<double> scores, Span<double> sums);

    /// <summary>Number of parameters: m x (D + 1).</summary>
    public int Size => outputs * (_width + 1);

    /// <summary>The penalty on the weights; the biases bear none.</summary>
    public double L2 { get; set; }

    /// <summary>The penalised objective and its gradient.</summary>
    /// <param name="parameters">m x D weights and m biases; more is not looked at.</param>
    /// <param name="loss">Of one row.</param>
    /// <param name="gradient">Receives the gradient of these parameters.</param>
    /// <param name="sums">Receives the weighted means of the further sums, or of as many as it has room for.</param>
    /// <param name="cancellation">Ends the pass.</param>
    public double Evaluate(ReadOnlySpan<double> parameters, RowLoss loss, Span<double> gradient, Span<double> sums, CancellationToken cancellation)
    {
        double mean = Pass(parameters, loss, withGradient: true, cancellation);
        gradient = gradient[..Size];
        gradient.Clear();
        sums.Clear();
        foreach (double[]? partial in _gradients)
        {
            DoubleProducts.AddScaled(1 / _totalWeight, partial.AsSpan(0, Size), gradient);
            DoubleProducts.AddScaled(1 / _totalWeight, partial.AsSpan(Size, sums.Length), sums);
        }

        return mean + Penalty(parameters, gradient);
    }

    /// <summary>The mean loss alone, without penalty: the score of validation rows.</summary>
    public double Mean(ReadOnlySpan<double> parameters, RowLoss loss, CancellationToken cancellation) =>
        Pass(parameters, loss, withGradient: false, cancellation);

    // L2/2 ||W||²; its gradient is added.
    private double Penalty(ReadOnlySpan<double> parameters, Span<double> gradient)
    {
        var inner = parameters[.._singleWeights.Length];
        DoubleProducts.AddScaled(L2, inner, gradient[..inner.Length]);
        return 0.5 * L2 * DoubleProducts.Dot(inner, inner);
    }

    private double Pass(ReadOnlySpan<double> parameters, RowLoss loss, bool withGradient, CancellationToken cancellation)
    {
        for (int i = 0; i < _singleWeights.Length; i++)
        {
            _singleWeights[i] = (float)parameters[i];
        }

        double[] bias = parameters.Slice(_singleWeights.Length, outputs).ToArray();
        var losses = new double[_chunks];
        var options = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation };
        Parallel.For(0, _chunks, options, () => new Scratch(_width, outputs, further), (chunk, _, scratch) =>
        {
            losses[chunk] = Chunk(chunk, bias, loss, withGradient, scratch);
            return scratch;
        }, _ => { });
        return losses.Sum() / _totalWeight;
    }

    private double Chunk(int chunk, double[] bias, RowLoss rowLoss, bool withGradient, Scratch scratch)
    {
        int first = Chunks.Start(chunk, _chunks, rows.Count), end = Chunks.Start(chunk + 1, _chunks, rows.Count);
        double[]? gradient = null;
        if (withGradient)
        {
            gradient = _gradients[chunk] ??= new double[Size + further];
            Array.Clear(gradient);
        }

        double loss = 0;
        int summed = 0;
        for (int from = first; from < end; from += BlockRows)
        {
            int count = Math.Min(BlockRows, end - from);
            var block = scratch.Rows.AsSpan(0, count * _width);
            var scores = scratch.Scores.AsSpan(0, count * outputs);
            for (int i = 0; i < count; i++)
            {
                Standardise(rows[from + i], block.Slice(i * _width, _width));
            }

            FloatProducts.Multiply(block, _singleWeights, _width, scores);
            for (int i = 0; i < count; i++)
            {
                loss += Row(scores.Slice(i * outputs, outputs), bias, from + i, rowLoss, scratch, gradient);
            }

            if (gradient is not null)
            {
                FloatProducts.AddOuter(scores, block, _width, scratch.Gradient);
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

    // Scores of one row become its weighted residuals; their sums are the gradient of the biases.
    private double Row(Span<float> scores, double[] bias, int row, RowLoss rowLoss, Scratch scratch, double[]? gradient)
    {
        double[] buffer = scratch.Row, sums = scratch.Sums;
        for (int c = 0; c < outputs; c++)
        {
            buffer[c] = scores[c] + bias[c];
        }

        double weight = weights.Length == 0 ? 1 : weights[row], loss = weight * rowLoss(row, buffer, sums);
        if (gradient is not null)
        {
            for (int c = 0; c < outputs; c++)
            {
                scores[c] = (float)(weight * buffer[c]);
                gradient[_singleWeights.Length + c] += weight * buffer[c];
            }

            DoubleProducts.AddScaled(weight, sums, gradient.AsSpan(Size));
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

    private sealed class Scratch(int width, int outputs, int further)
    {
        public float[] Rows { get; } = new float[BlockRows * width];

        public float[] Scores { get; } = new float[BlockRows * outputs];

        public double[] Row { get; } = new double[outputs];

        public double[] Sums { get; } = new double[further];

        public float[] Gradient { get; } = new float[outputs * width];
    }
}
