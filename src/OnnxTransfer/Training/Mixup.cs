using OnnxTransfer.Numerics;

namespace OnnxTransfer.Training;

/// <summary>
/// Mixup (Zhang et al. 2018): a row becomes t x + (1 - t) x', its target t y + (1 - t) y', with t of Beta(a, a) and x' any of the
/// rows. Both are drawn for the row and the epoch from the seed alone, not from the batch, so that batches may be cut in any way.
/// </summary>
/// <param name="Alpha">a, above 0: 0.1 to 0.4 mixes a little, 1 evenly.</param>
/// <param name="Seed">Decides what is mixed.</param>
internal sealed record Mixup(double Alpha, long Seed)
{
    /// <summary>What row <paramref name="row"/> of <paramref name="count"/> is mixed with, and its own share t.</summary>
    public (int Partner, float Share) Draw(int epoch, int row, int count)
    {
        // A stream for each row of each epoch: SeededRandom mixes what seeds it.
        var ofEpoch = new SeededRandom(unchecked((long)new SeededRandom(Seed).NextULong() + epoch));
        var random = new SeededRandom(unchecked((long)ofEpoch.NextULong() + row));
        return (random.NextInt(count), (float)SymmetricBeta.Next(random, Alpha));
    }

    /// <summary><paramref name="share"/> of the values and the rest of others, in place.</summary>
    public static void Mix(Span<float> values, ReadOnlySpan<float> others, float share)
    {
        float rest = 1 - share;
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (share * values[i]) + (rest * others[i]);
        }
    }
}
