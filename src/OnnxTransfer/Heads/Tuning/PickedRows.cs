using OnnxTransfer.Training;

namespace OnnxTransfer.Heads.Tuning;

/// <summary>Some of other rows.</summary>
internal sealed class PickedRows(ITrainingRows all, int[] picked) : ITrainingRows
{
    public int Count => picked.Length;

    public void Prepare(int epoch, ReadOnlySpan<int> rows) => all.Prepare(epoch, Own(rows));

    public void Fill(int epoch, ReadOnlySpan<int> rows, Span<byte> inputs, Span<float> targets, Span<float> weights) =>
        all.Fill(epoch, Own(rows), inputs, targets, weights);

    private int[] Own(ReadOnlySpan<int> rows)
    {
        int[] own = new int[rows.Length];
        for (int i = 0; i < own.Length; i++)
        {
            own[i] = picked[rows[i]];
        }

        return own;
    }
}
