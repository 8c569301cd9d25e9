using System.Runtime.InteropServices;
using OnnxTransfer.Training;

namespace OnnxTransfer.Tests.Training;

/// <summary>Rows in memory, which remembers what was asked for.</summary>
internal sealed class ArrayRows(float[] inputs, float[] targets, int count, float[]? weights = null) : ITrainingRows
{
    public int Count => count;

    /// <summary>Called with the epoch and the rows of every batch.</summary>
    public Action<int, int[]>? Asked { get; set; }

    public void Fill(int epoch, ReadOnlySpan<int> rows, Span<byte> batch, Span<float> batchTargets, Span<float> batchWeights)
    {
        Asked?.Invoke(epoch, rows.ToArray());
        int width = inputs.Length / count, outputs = targets.Length / count;
        var values = MemoryMarshal.Cast<byte, float>(batch);
        Assert.Equal(rows.Length * width, values.Length);
        Assert.Equal(rows.Length * outputs, batchTargets.Length);
        for (int i = 0; i < rows.Length; i++)
        {
            inputs.AsSpan(rows[i] * width, width).CopyTo(values[(i * width)..]);
            targets.AsSpan(rows[i] * outputs, outputs).CopyTo(batchTargets[(i * outputs)..]);
            batchWeights[i] = weights?[rows[i]] ?? 1;
        }
    }
}
