using System.Runtime.InteropServices;
using OnnxTransfer.Training;

namespace OnnxTransfer.Heads.Tuning;

/// <summary>
/// Rows for the trained part, read from the embedding cache as a batch needs them: each is what the taps of one run of the embedder gave for
/// an image, side by side. They are never in memory as a whole.
/// </summary>
/// <param name="views">The images as they are, then their augmented views; epoch i reads view i modulo their number.</param>
/// <param name="taps">Taps of the runs whose values make a row.</param>
/// <param name="targets">The answers, as numbers, of each row.</param>
/// <param name="weights">A weight for each row; empty: all the same.</param>
internal sealed class ActivationRows(IReadOnlyList<FrozenView> views, int taps, PerceptronTargets targets, double[] weights) : ITrainingRows
{
    private readonly double _mean = weights.Length == 0 ? 1 : weights.Average();

    public int Count => views[0].Rows.Length;

    public void Fill(int epoch, ReadOnlySpan<int> rows, Span<byte> inputs, Span<float> targetValues, Span<float> weightValues)
    {
        var values = MemoryMarshal.Cast<byte, float>(inputs);
        int outputs = targets.Outputs;
        for (int i = 0; i < rows.Length; i++)
        {
            // An image whose augmented view failed is learned from as it is.
            var view = views[epoch % views.Count] is var (_, found) && found[rows[i]] < 0 ? views[0] : views[epoch % views.Count];
            for (int tap = 0; tap < taps; tap++)
            {
                var row = view.Run.TapRow(view.Rows[rows[i]], tap);
                row.CopyTo(values);
                values = values[row.Length..];
            }

            targets.Fill(rows[i], targetValues.Slice(i * outputs, outputs));
            weightValues[i] = weights.Length == 0 ? 1 : (float)(weights[rows[i]] / _mean);
        }
    }
}
