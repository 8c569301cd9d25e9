using System.Numerics;

namespace OnnxTransfer.Backbones;

/// <summary>Some of a backbone's taps, by index.</summary>
/// <param name="Bits">Bit i for tap i.</param>
internal readonly record struct TapSet(ulong Bits)
{
    /// <summary>How many taps a backbone can be asked for at once.</summary>
    public const int Most = 64;

    public bool IsEmpty => Bits == 0;

    public static TapSet Of(int tap) => new(1UL << tap);

    /// <summary>The first <paramref name="count"/> taps.</summary>
    public static TapSet First(int count) => new(count == Most ? ulong.MaxValue : (1UL << count) - 1);

    public static TapSet operator |(TapSet a, TapSet b) => new(a.Bits | b.Bits);

    public bool IsWithin(TapSet other) => (Bits & ~other.Bits) == 0;

    /// <summary>The taps' indices, ascending.</summary>
    public int[] Indices()
    {
        var indices = new int[BitOperations.PopCount(Bits)];
        var rest = Bits;
        for (var i = 0; i < indices.Length; i++, rest &= rest - 1)
        {
            indices[i] = BitOperations.TrailingZeroCount(rest);
        }

        return indices;
    }
}
