using OnnxTransfer.Numerics;

namespace OnnxTransfer.Tests.Numerics;

public sealed class SeededRandomTests
{
    // From the reference C code (https://prng.di.unimi.it), SplitMix64 seeded with 0, its arithmetic redone in Python.
    [Fact]
    public void The_sequence_is_that_of_xoshiro256_starstar()
    {
        var random = new SeededRandom(0);
        Assert.Equal(0x99EC5F36CB75F2B4UL, random.NextULong());
        Assert.Equal(0xBF6E1F784956452AUL, random.NextULong());
        Assert.Equal(0x1A5F849D4933E6E0UL, random.NextULong());
    }

    [Fact]
    public void Equal_seeds_give_equal_sequences_and_others_do_not()
    {
        Assert.Equal(Draw(5), Draw(5));
        Assert.NotEqual(Draw(5), Draw(6));
        Assert.NotEqual(Draw(5), Draw(-5));
    }

    [Fact]
    public void Integers_are_uniform_within_their_bound()
    {
        var random = new SeededRandom(3);
        var counts = new int[7];
        for (int i = 0; i < 70_000; i++)
        {
            counts[random.NextInt(7)]++;
        }

        Assert.All(counts, count => Assert.InRange(count, 9_600, 10_400)); // over four standard deviations
        Assert.Equal(0, random.NextInt(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => random.NextInt(0));
    }

    [Fact]
    public void Gaussians_have_mean_0_and_deviation_1()
    {
        var random = new SeededRandom(4);
        double[] values = [.. Enumerable.Range(0, 50_000).Select(_ => random.NextGaussian())];
        Assert.InRange(values.Average(), -0.02, 0.02);
        Assert.InRange(values.Average(value => value * value), 0.97, 1.03);
        Assert.InRange(values.Count(value => Math.Abs(value) > 1.96) / 50_000.0, 0.045, 0.055);
    }

    [Fact]
    public void A_permutation_holds_every_index_once_and_moves_them()
    {
        int[] order = new SeededRandom(1).Permutation(100);
        Assert.Equal(Enumerable.Range(0, 100), order.Order());
        Assert.NotEqual(Enumerable.Range(0, 100), order);
    }

    private static int[] Draw(long seed)
    {
        var random = new SeededRandom(seed);
        return [.. Enumerable.Range(0, 20).Select(_ => random.NextInt(1000))];
    }
}
