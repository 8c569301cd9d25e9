using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace OnnxTransfer.Imaging;

/// <summary>
/// Both passes with AVX2. A 23-bit weight is split into 15 low and 8 high bits, so that two pixels are multiplied and
/// added by one 16-bit instruction; the halves are joined at the end modulo 2^32, which loses nothing, since the true
/// sum fits 32 bits.
/// </summary>
internal static unsafe class Avx2Resampling
{
    private const int LowBits = 15;
    private const int Rounding = 1 << (ResizeWeights.PrecisionBits - 1);

    public static bool IsSupported => Avx2.IsSupported;

    /// <summary>Bytes per row below which the vertical pass is not for this class.</summary>
    public static int LeastBytes => Vector256<byte>.Count;

    /// <summary>
    /// Resizes <paramref name="rows"/> rows of RGB24. Reads up to 16 bytes beyond the last pixel and writes one byte
    /// beyond each output row.
    /// </summary>
    public static void Horizontal(byte* source, nint sourceStride, int rows, ResizeWeights weights, byte* target, nint targetStride)
    {
        // Four pixels' bytes to 16-bit pairs (r0 r1 g0 g1 b0 b1 - -) below and (r2 r3 g2 g3 b2 b3 - -) above.
        const byte None = 0x80;
        var pairUp = Vector256.Create(
            0, None, 3, None, 1, None, 4, None, 2, None, 5, None, None, None, None, None,
            6, None, 9, None, 7, None, 10, None, 8, None, 11, None, None, None, None, None);
        var lowPairs = Vector256.Create(0, 0, 0, 0, 2, 2, 2, 2);
        var highPairs = Vector256.Create(1, 1, 1, 1, 3, 3, 3, 3);
        int stride = weights.Stride;
        fixed (int* pairs = weights.Pairs, starts = weights.Starts, taps = weights.Taps)
        {
            for (int y = 0; y < rows; y += 4)
            {
                // Where fewer than four rows are left, the last is computed again and written to the same place.
                int y1 = Math.Min(y + 1, rows - 1), y2 = Math.Min(y + 2, rows - 1), y3 = Math.Min(y + 3, rows - 1);
                byte* s0 = source + (y * sourceStride), s1 = source + (y1 * sourceStride);
                byte* s2 = source + (y2 * sourceStride), s3 = source + (y3 * sourceStride);
                byte* t0 = target + (y * targetStride), t1 = target + (y1 * targetStride);
                byte* t2 = target + (y2 * targetStride), t3 = target + (y3 * targetStride);
                for (int x = 0; x < weights.Count; x++)
                {
                    nint at = 3 * starts[x];
                    int* weight = pairs + ((nint)x * stride);
                    var low0 = Vector256<int>.Zero;
                    var low1 = Vector256<int>.Zero;
                    var low2 = Vector256<int>.Zero;
                    var low3 = Vector256<int>.Zero;
                    var high0 = Vector256<int>.Zero;
                    var high1 = Vector256<int>.Zero;
                    var high2 = Vector256<int>.Zero;
                    var high3 = Vector256<int>.Zero;
                    for (int tap = 0; tap < taps[x]; tap += 4, at += 12)
                    {
                        var four = Avx2.BroadcastVector128ToVector256(weight + tap).AsSingle();
                        var low = Avx.PermuteVar(four, lowPairs).AsInt16();
                        var high = Avx.PermuteVar(four, highPairs).AsInt16();
                        var pixels = Avx2.Shuffle(Avx2.BroadcastVector128ToVector256(s0 + at), pairUp).AsInt16();
                        low0 += Avx2.MultiplyAddAdjacent(pixels, low);
                        high0 += Avx2.MultiplyAddAdjacent(pixels, high);
                        pixels = Avx2.Shuffle(Avx2.BroadcastVector128ToVector256(s1 + at), pairUp).AsInt16();
                        low1 += Avx2.MultiplyAddAdjacent(pixels, low);
                        high1 += Avx2.MultiplyAddAdjacent(pixels, high);
                        pixels = Avx2.Shuffle(Avx2.BroadcastVector128ToVector256(s2 + at), pairUp).AsInt16();
                        low2 += Avx2.MultiplyAddAdjacent(pixels, low);
                        high2 += Avx2.MultiplyAddAdjacent(pixels, high);
                        pixels = Avx2.Shuffle(Avx2.BroadcastVector128ToVector256(s3 + at), pairUp).AsInt16();
                        low3 += Avx2.MultiplyAddAdjacent(pixels, low);
                        high3 += Avx2.MultiplyAddAdjacent(pixels, high);
                    }

                    var upper = Sse2.PackSignedSaturate(Join(low0, high0), Join(low1, high1));
                    var lower = Sse2.PackSignedSaturate(Join(low2, high2), Join(low3, high3));
                    var bytes = Sse2.PackUnsignedSaturate(upper, lower).AsUInt32();
                    nint to = 3 * x;
                    *(uint*)(t0 + to) = bytes.GetElement(0);
                    *(uint*)(t1 + to) = bytes.GetElement(1);
                    *(uint*)(t2 + to) = bytes.GetElement(2);
                    *(uint*)(t3 + to) = bytes.GetElement(3);
                }
            }
        }
    }

    /// <summary>
    /// Resizes columns of <paramref name="bytes"/> bytes, at least <see cref="LeastBytes"/>; <paramref name="source"/> is
    /// the row <see cref="ResizeWeights.First"/>.
    /// </summary>
    public static void Vertical(byte* source, nint sourceStride, int bytes, ResizeWeights weights, byte* target, nint targetStride)
    {
        fixed (int* pairs = weights.Pairs)
        {
            for (int y = 0; y < weights.Count; y++)
            {
                byte* from = source + ((weights.Starts[y] - weights.First) * sourceStride);
                byte* to = target + (y * targetStride);
                int* weight = pairs + ((nint)y * weights.Stride);
                int x = 0;
                for (; x <= bytes - 32; x += 32)
                {
                    Column(from + x, sourceStride, weight, weights.Taps[y]).Store(to + x);
                }

                // The rest once more from 32 bytes before the end.
                if (x < bytes)
                {
                    x = bytes - 32;
                    Column(from + x, sourceStride, weight, weights.Taps[y]).Store(to + x);
                }
            }
        }
    }

    private static Vector256<byte> Column(byte* from, nint stride, int* weight, int taps)
    {
        var low0 = Vector256.Create(Rounding);
        var low1 = low0;
        var low2 = low0;
        var low3 = low0;
        var high0 = Vector256<int>.Zero;
        var high1 = Vector256<int>.Zero;
        var high2 = Vector256<int>.Zero;
        var high3 = Vector256<int>.Zero;
        for (int tap = 0; tap < taps; tap += 2)
        {
            var low = Vector256.Create(weight[tap]).AsInt16();
            var high = Vector256.Create(weight[tap + 1]).AsInt16();
            var a = Vector256.Load(from);

            // An odd last row is paired with itself at weight zero.
            var b = Vector256.Load(tap + 1 < taps ? from + stride : from);
            from += 2 * stride;
            var below = Avx2.UnpackLow(a, b);
            var above = Avx2.UnpackHigh(a, b);
            var pixels = Avx2.UnpackLow(below, Vector256<byte>.Zero).AsInt16();
            low0 += Avx2.MultiplyAddAdjacent(pixels, low);
            high0 += Avx2.MultiplyAddAdjacent(pixels, high);
            pixels = Avx2.UnpackHigh(below, Vector256<byte>.Zero).AsInt16();
            low1 += Avx2.MultiplyAddAdjacent(pixels, low);
            high1 += Avx2.MultiplyAddAdjacent(pixels, high);
            pixels = Avx2.UnpackLow(above, Vector256<byte>.Zero).AsInt16();
            low2 += Avx2.MultiplyAddAdjacent(pixels, low);
            high2 += Avx2.MultiplyAddAdjacent(pixels, high);
            pixels = Avx2.UnpackHigh(above, Vector256<byte>.Zero).AsInt16();
            low3 += Avx2.MultiplyAddAdjacent(pixels, low);
            high3 += Avx2.MultiplyAddAdjacent(pixels, high);
        }

        // Packing works within halves of 16 bytes, as unpacking did: the order comes out right.
        var first = Avx2.PackSignedSaturate(Scale(low0, high0), Scale(low1, high1));
        var second = Avx2.PackSignedSaturate(Scale(low2, high2), Scale(low3, high3));
        return Avx2.PackUnsignedSaturate(first, second);
    }

    private static Vector256<int> Scale(Vector256<int> low, Vector256<int> high) =>
        (low + (high << LowBits)) >> ResizeWeights.PrecisionBits;

    private static Vector128<int> Join(Vector256<int> low, Vector256<int> high)
    {
        var sum = low + (high << LowBits);
        return (sum.GetLower() + sum.GetUpper() + Vector128.Create(Rounding)) >> ResizeWeights.PrecisionBits;
    }
}
