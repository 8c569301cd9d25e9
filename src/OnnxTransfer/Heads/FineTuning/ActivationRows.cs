using System.Runtime.InteropServices;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Training;

namespace OnnxTransfer.Heads.FineTuning;

/// <summary>
/// Rows for the trained part, read from the embedding cache as a batch needs them: each is what the taps of one run of the embedder gave for
/// an image, side by side. They are never in memory as a whole.
/// </summary>
/// <param name="views">One run for each view of the images; epoch i reads view i modulo their number.</param>
/// <param name="items">The rows of the runs that are meant.</param>
/// <param name="taps">Taps of the runs whose values make a row.</param>
/// <param name="targets">The answers, as numbers, of each row.</param>
/// <param name="weights">A weight for each row; empty: all the same.</param>
internal sealed class ActivationRows(IReadOnlyList<EmbedRun> views, int[] items, int taps, PerceptronTargets targets, double[] weights) : ITrainingRows
{
    private readonly double _mean = weights.Length == 0 ? 1 : weights.Average();

    public int Count => items.Length;

    public void Fill(int epoch, ReadOnlySpan<int> rows, Span<byte> inputs, Span<float> targetValues, Span<float> weightValues)
    {
        var run = views[epoch % views.Count];
        var values = MemoryMarshal.Cast<byte, float>(inputs);
        int outputs = targets.Outputs;
        for (int i = 0; i < rows.Length; i++)
        {
            for (int tap = 0; tap < taps; tap++)
            {
                var row = run.TapRow(items[rows[i]], tap);
                row.CopyTo(values);
                values = values[row.Length..];
            }

            targets.Fill(rows[i], targetValues.Slice(i * outputs, outputs));
            weightValues[i] = weights.Length == 0 ? 1 : (float)(weights[rows[i]] / _mean);
        }
    }
}
