using System.Numerics;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Training;

/// <summary>The parameters of an evaluation and the standardisation, as the kernels want them: typed, padded, aligned.</summary>
internal sealed unsafe class LossModel<T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    private readonly AlignedArray<T> _mean;
    private readonly AlignedArray<T> _scale;
    private readonly AlignedArray<T> _weights; // outputs x Stride

    public LossModel(LossProblem problem)
    {
        Problem = problem;
        Width = problem.Rows.Width;
        Outputs = (problem.Loss.Outputs + 1) / 2 * 2;

        // An odd number of cache lines: rows below each other do not fall into the same few places of a cache.
        int lines = ((Width + LaneProducts.Padding - 1) / LaneProducts.Padding) | 1;
        Stride = lines * LaneProducts.Padding;
        Columns = (Width + LaneProducts.Padding - 1) / LaneProducts.Padding * LaneProducts.Padding;
        Bias = new double[problem.Loss.Outputs];
        (_mean, _scale, _weights) = (new(Stride), new(Stride), new((long)Outputs * Stride));
        for (int j = 0; j < Width; j++)
        {
            _mean.Start[j] = T.CreateTruncating(problem.Standardisation.Mean[j]);
            _scale.Start[j] = T.CreateTruncating(problem.Standardisation.Scale[j]);
        }
    }

    public LossProblem Problem { get; }

    /// <summary>D.</summary>
    public int Width { get; }

    /// <summary>D, padded with columns of 0.</summary>
    public int Columns { get; }

    /// <summary>Values from one row to the next, in every padded table.</summary>
    public int Stride { get; }

    /// <summary>k, padded with outputs of weight 0.</summary>
    public int Outputs { get; }

    public double[] Bias { get; }

    public T* Mean => _mean.Start;

    public T* Scale => _scale.Start;

    public T* Weights => _weights.Start;

    /// <summary>Takes over k x D weights and k biases.</summary>
    public void Set(ReadOnlySpan<double> parameters)
    {
        int outputs = Bias.Length;
        for (int c = 0; c < outputs; c++)
        {
            var row = parameters.Slice(c * Width, Width);
            T* to = Weights + ((long)c * Stride);
            for (int j = 0; j < row.Length; j++)
            {
                to[j] = T.CreateTruncating(row[j]);
            }
        }

        parameters[(outputs * Width)..].CopyTo(Bias);
    }
}
