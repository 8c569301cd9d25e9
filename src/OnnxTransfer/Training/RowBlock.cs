using System.Numerics;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Training;

/// <summary>
/// So many rows as fit into a core's cache together with their outputs: standardised there once, then used for the outputs
/// and for the gradient, so that the embeddings are read from memory once an evaluation.
/// </summary>
internal sealed unsafe class RowBlock<T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    private const int Bytes = 400 << 10;  // of rows: less than half of a usual L2 cache
    private const int OutputsAtOnce = 16; // whose weights stay in the cache while the rows pass by

    private readonly LossModel<T> _model;
    private readonly AlignedArray<T> _rows;    // Rows x Stride
    private readonly AlignedArray<T> _outputs; // Rows x Outputs: outputs, then the loss's gradient by them
    private readonly double[] _row;
    private int _count;

    public RowBlock(LossModel<T> model)
    {
        _model = model;
        int rows = Rows(model);
        (_rows, _outputs) = (new((long)rows * model.Stride), new((long)rows * model.Outputs));
        _row = new double[model.Bias.Length];
    }

    /// <summary>Rows of a block: a multiple of 4 that depends on the problem alone.</summary>
    public static int Rows(LossModel<T> model) => Math.Clamp(Bytes / (model.Stride * sizeof(T)), 16, 128) / 4 * 4;

    /// <summary>
    /// The weighted loss of <paramref name="count"/> rows from <paramref name="first"/>; the sums of its gradient by the
    /// outputs, which are the gradient of the biases, are added to <paramref name="biasGradient"/>.
    /// </summary>
    public double Losses(int first, int count, Span<double> biasGradient)
    {
        Fill(first, count);
        int stride = _model.Stride, outputs = _model.Outputs;
        for (int c = 0; c < outputs; c += OutputsAtOnce)
        {
            LaneProducts.Multiply(
                _rows.Start, stride, _count, _model.Weights + ((long)c * stride), stride, Math.Min(OutputsAtOnce, outputs - c), _model.Columns,
                _outputs.Start + c, outputs);
        }

        double loss = 0;
        for (int i = 0; i < count; i++)
        {
            loss += Loss(first + i, _outputs.Start + ((long)i * outputs), biasGradient);
        }

        for (int i = count; i < _count; i++)
        {
            new Span<T>(_outputs.Start + ((long)i * outputs), outputs).Clear(); // rows that pad the block add nothing
        }

        return loss;
    }

    /// <summary>Adds this block's share of the gradient for some outputs and columns, both counted from <paramref name="sum"/>'s first.</summary>
    public void AddGradient(int firstOutput, int outputs, int firstColumn, int columns, T* sum, int strideSum) => LaneProducts.AddOuter(
        _outputs.Start + firstOutput, _model.Outputs, _rows.Start + firstColumn, _model.Stride, _count, outputs, columns, sum, strideSum);

    private void Fill(int first, int count)
    {
        _count = (count + 3) / 4 * 4;
        for (int i = 0; i < _count; i++)
        {
            T* to = _rows.Start + ((long)i * _model.Stride);
            if (i >= count)
            {
                new Span<T>(to, _model.Stride).Clear();
                continue;
            }

            fixed (float* row = _model.Problem.Rows[first + i])
            {
                LaneProducts.Standardise(row, _model.Mean, _model.Scale, _model.Width, to);
            }
        }
    }

    private double Loss(int row, T* outputs, Span<double> biasGradient)
    {
        for (int c = 0; c < _row.Length; c++)
        {
            _row[c] = double.CreateTruncating(outputs[c]) + _model.Bias[c];
        }

        double weight = _model.Problem.Weight(row), loss = weight * _model.Problem.Loss.Apply(row, _row);
        for (int c = 0; c < _row.Length; c++)
        {
            double residual = weight * _row[c];
            outputs[c] = T.CreateTruncating(residual);
            biasGradient[c] += residual;
        }

        return loss;
    }
}
