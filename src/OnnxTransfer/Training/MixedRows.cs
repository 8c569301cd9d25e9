using System.Buffers;
using System.Runtime.InteropServices;

namespace OnnxTransfer.Training;

/// <summary>Rows mixed with other rows: inputs, targets and weights alike, by the same shares.</summary>
/// <param name="inner">Inputs of floats; pixels are augmented instead.</param>
/// <param name="mixup">What is mixed.</param>
internal sealed class MixedRows(ITrainingRows inner, Mixup mixup) : ITrainingRows
{
    /// <inheritdoc/>
    public int Count => inner.Count;

    /// <inheritdoc/>
    public void Fill(int epoch, ReadOnlySpan<int> rows, Span<byte> inputs, Span<float> targets, Span<float> weights)
    {
        inner.Fill(epoch, rows, inputs, targets, weights);
        int[] partners = new int[rows.Length];
        float[] shares = new float[rows.Length];
        for (int i = 0; i < rows.Length; i++)
        {
            (partners[i], shares[i]) = mixup.Draw(epoch, rows[i], Count);
        }

        byte[] bytes = ArrayPool<byte>.Shared.Rent(inputs.Length);
        float[] floats = ArrayPool<float>.Shared.Rent(targets.Length + weights.Length);
        try
        {
            var otherInputs = bytes.AsSpan(0, inputs.Length);
            var otherTargets = floats.AsSpan(0, targets.Length);
            var otherWeights = floats.AsSpan(targets.Length, weights.Length);
            inner.Fill(epoch, partners, otherInputs, otherTargets, otherWeights);
            Mix(MemoryMarshal.Cast<byte, float>(inputs), MemoryMarshal.Cast<byte, float>(otherInputs), shares);
            Mix(targets, otherTargets, shares);
            Mix(weights, otherWeights, shares);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
            ArrayPool<float>.Shared.Return(floats);
        }
    }

    // The rows of a batch, each by its share.
    private static void Mix(Span<float> values, ReadOnlySpan<float> others, float[] shares)
    {
        int width = values.Length / Math.Max(1, shares.Length);
        for (int row = 0; row < shares.Length; row++)
        {
            Mixup.Mix(values.Slice(row * width, width), others.Slice(row * width, width), shares[row]);
        }
    }
}
