using System.Runtime.InteropServices;

namespace OnnxTransfer.Embeddings;

/// <summary>
/// 128 bits of a path, for the memo of files: two lanes of multiply-and-fold, four characters a step (the mixing of
/// Wang Yi's wyhash, https://github.com/wangyi-fudan/wyhash, whose constants these are). A tenth of a SHA-256's time; not
/// made to withstand forgery, which would have to match a file's size and time too.
/// </summary>
internal static class PathHash
{
    private const ulong Low = 0xa0761d6478bd642f, High = 0xe7037ed1a0b428db, LowFactor = 0x8ebc6af09c88c6e3, HighFactor = 0x589965cc75374cc3;

    public static UInt128 Of(ReadOnlySpan<char> path)
    {
        var words = MemoryMarshal.Cast<char, ulong>(path);
        var (low, high) = (Low ^ (ulong)path.Length, High ^ (ulong)path.Length);
        foreach (var word in words)
        {
            (low, high) = (Fold(low ^ word, LowFactor), Fold(high ^ word, HighFactor));
        }

        ulong rest = 0;
        foreach (var character in path[(4 * words.Length)..])
        {
            rest = (rest << 16) | character;
        }

        return new UInt128(Fold(high ^ rest, LowFactor), Fold(low ^ rest, HighFactor));
    }

    private static ulong Fold(ulong value, ulong factor)
    {
        var high = Math.BigMul(value, factor, out var low);
        return high ^ low;
    }
}
