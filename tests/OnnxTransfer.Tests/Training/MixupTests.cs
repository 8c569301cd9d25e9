using System.Runtime.InteropServices;
using OnnxTransfer.Numerics;
using OnnxTransfer.Training;

namespace OnnxTransfer.Tests.Training;

public class MixupTests
{
    private static readonly Mixup Some = new(0.4, 3);

    [Fact]
    public void Rows_targets_and_weights_are_mixed_by_the_formula()
    {
        int[] rows = [7, 0, 3, 3, 9];
        var (inputs, targets, weights) = Filled(new MixedRows(new CountedRows(), Some), 2, rows);

        foreach (var (i, row) in rows.Index())
        {
            var (partner, share) = Some.Draw(2, row, 10);
            for (int column = 0; column < 3; column++)
            {
                Assert.Equal((share * CountedRows.Input(row, column)) + ((1 - share) * CountedRows.Input(partner, column)), inputs[(3 * i) + column], 1e-5f);
            }

            var expected = new float[2];
            expected[row % 2] += share;
            expected[partner % 2] += 1 - share;
            Assert.Equal(expected[0], targets[2 * i], 1e-6f);
            Assert.Equal(expected[1], targets[(2 * i) + 1], 1e-6f);
            Assert.Equal((share * CountedRows.Weight(row)) + ((1 - share) * CountedRows.Weight(partner)), weights[i], 1e-5f);
        }
    }

    [Fact]
    public void A_batch_may_be_cut_in_any_way()
    {
        var mixed = new MixedRows(new CountedRows(), Some);
        var (inputs, targets, weights) = Filled(mixed, 1, [4, 8, 1, 2]);
        var (first, firstTargets, firstWeights) = Filled(mixed, 1, [4]);
        var (rest, restTargets, restWeights) = Filled(mixed, 1, [8, 1, 2]);

        Assert.Equal(inputs, (float[])[.. first, .. rest]);
        Assert.Equal(targets, (float[])[.. firstTargets, .. restTargets]);
        Assert.Equal(weights, (float[])[.. firstWeights, .. restWeights]);
    }

    [Fact]
    public void Seed_epoch_and_row_decide_what_is_mixed()
    {
        Assert.Equal(Some.Draw(1, 2, 1000), Some.Draw(1, 2, 1000));
        var all = new[] { Some.Draw(1, 2, 1000), Some.Draw(2, 2, 1000), Some.Draw(2, 1, 1000), (Some with { Seed = 4 }).Draw(1, 2, 1000) };
        Assert.Equal(4, all.Distinct().Count());
        Assert.All(Enumerable.Range(0, 200), row => Assert.InRange(Some.Draw(0, row, 7).Partner, 0, 6));
    }

    [Theory]
    [InlineData(0.05)]
    [InlineData(0.2)]
    [InlineData(1)]
    [InlineData(5)]
    public void Shares_are_Beta(double a)
    {
        const int Count = 40_000;
        var random = new SeededRandom(1);
        double[] shares = [.. Enumerable.Range(0, Count).Select(_ => SymmetricBeta.Next(random, a))];
        double variance = 1 / (4 * ((2 * a) + 1)), deviation = Math.Sqrt(variance / Count);

        Assert.All(shares, share => Assert.InRange(share, 0, 1));
        Assert.InRange(shares.Average(), 0.5 - (5 * deviation), 0.5 + (5 * deviation));
        Assert.InRange(shares.Average(share => (share - 0.5) * (share - 0.5)) / variance, 0.97, 1.03);

        // The quarter of a uniform; of another a it is larger or smaller.
        double low = shares.Count(share => share < 0.25) / (double)Count;
        Assert.True(a == 1 ? Math.Abs(low - 0.25) < 0.012 : a < 1 ? low > 0.27 : low < 0.1, $"{low} below a quarter");
    }

    private static (float[] Inputs, float[] Targets, float[] Weights) Filled(ITrainingRows rows, int epoch, int[] chosen)
    {
        var (inputs, targets, weights) = (new float[3 * chosen.Length], new float[2 * chosen.Length], new float[chosen.Length]);
        rows.Fill(epoch, chosen, MemoryMarshal.AsBytes(inputs.AsSpan()), targets, weights);
        return (inputs, targets, weights);
    }

    private sealed class CountedRows : ITrainingRows
    {
        public int Count => 10;

        public static float Input(int row, int column) => (10 * row) + column;

        public static float Weight(int row) => 0.5f + (0.1f * row);

        public void Fill(int epoch, ReadOnlySpan<int> rows, Span<byte> inputs, Span<float> targets, Span<float> weights)
        {
            var values = MemoryMarshal.Cast<byte, float>(inputs);
            targets.Clear();
            for (int i = 0; i < rows.Length; i++)
            {
                for (int column = 0; column < 3; column++)
                {
                    values[(3 * i) + column] = Input(rows[i], column);
                }

                targets[(2 * i) + (rows[i] % 2)] = 1;
                weights[i] = Weight(rows[i]);
            }
        }
    }
}
