using System.Numerics;

namespace OnnxTransfer.Numerics;

/// <summary>
/// xoshiro256** (Blackman and Vigna 2018), its state filled by SplitMix64 from the seed. Own code, because the sequence of
/// a seeded <see cref="Random"/> may change with the .NET version, and a split or an interval must not.
/// </summary>
internal sealed class SeededRandom
{
    private readonly ulong[] _state = new ulong[4];

    public SeededRandom(long seed)
    {
        ulong z = unchecked((ulong)seed);
        for (int i = 0; i < 4; i++)
        {
            z = unchecked(z + 0x9E3779B97F4A7C15);
            ulong mixed = unchecked((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9);
            mixed = unchecked((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB);
            _state[i] = mixed ^ (mixed >> 31);
        }
    }

    public ulong NextULong()
    {
        ulong result = unchecked(BitOperations.RotateLeft(_state[1] * 5, 7) * 9);
        ulong shifted = _state[1] << 17;
        _state[2] ^= _state[0];
        _state[3] ^= _state[1];
        _state[1] ^= _state[2];
        _state[0] ^= _state[3];
        _state[2] ^= shifted;
        _state[3] = BitOperations.RotateLeft(_state[3], 45);
        return result;
    }

    /// <summary>Uniform over 0 .. <paramref name="exclusiveMaximum"/> - 1, without bias (Lemire 2019).</summary>
    public int NextInt(int exclusiveMaximum)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(exclusiveMaximum);
        ulong bound = (ulong)exclusiveMaximum;
        ulong product = (NextULong() >> 32) * bound;
        if ((uint)product < bound)
        {
            uint threshold = (uint)((1UL << 32) % bound);
            while ((uint)product < threshold)
            {
                product = (NextULong() >> 32) * bound;
            }
        }

        return (int)(product >> 32);
    }

    /// <summary>Uniform in [0, 1), 53 random bits.</summary>
    public double NextDouble() => (NextULong() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Standard normal (Box and Muller).</summary>
    public double NextGaussian()
    {
        double radius = Math.Sqrt(-2 * Math.Log(1 - NextDouble()));
        return radius * Math.Cos(2 * Math.PI * NextDouble());
    }

    /// <summary>Fisher and Yates, in place.</summary>
    public void Shuffle<T>(Span<T> values)
    {
        for (int i = values.Length - 1; i > 0; i--)
        {
            int j = NextInt(i + 1);
            (values[i], values[j]) = (values[j], values[i]);
        }
    }

    /// <summary>0 .. <paramref name="count"/> - 1 in random order.</summary>
    public int[] Permutation(int count)
    {
        int[] order = [.. Enumerable.Range(0, count)];
        Shuffle<int>(order);
        return order;
    }
}
