using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace OnnxTransfer.Imaging;

/// <summary>Both passes with 128-bit vectors of any processor; also for what <see cref="Avx2Resampling"/> leaves over.</summary>
internal static unsafe class PortableResampling
{
    private const int Rounding = 1 << (ResizeWeights.PrecisionBits - 1);

    /// <summary>
    /// Resizes <paramref name="rows"/> rows of RGB24. Reads one byte beyond the last pixel and writes one byte beyond
    /// each output row.
    /// </summary>
    public static void Horizontal(byte* source, nint sourceStride, int rows, ResizeWeights weights, byte* target, nint targetStride)
    {
        for (int y = 0; y < rows; y++, source += sourceStride, target += targetStride)
        {
            for (int x = 0; x < weights.Count; x++)
            {
                byte* pixel = source + (3 * (nint)weights.Starts[x]);
                var sum = Vector128.Create(Rounding);
                foreach (int weight in weights.Values.AsSpan(x * weights.Stride, weights.Taps[x]))
                {
                    sum += Widen(Unsafe.ReadUnaligned<uint>(pixel)) * weight;
                    pixel += 3;
                }

                Unsafe.WriteUnaligned(target + (3 * (nint)x), Narrow(sum));
            }
        }
    }

    /// <summary>
    /// Resizes columns of <paramref name="bytes"/> bytes; <paramref name="source"/> is the row
    /// <see cref="ResizeWeights.First"/>.
    /// </summary>
    public static void Vertical(byte* source, nint sourceStride, int bytes, ResizeWeights weights, byte* target, nint targetStride)
    {
        for (int y = 0; y < weights.Count; y++, target += targetStride)
        {
            byte* first = source + ((weights.Starts[y] - weights.First) * sourceStride);
            var row = weights.Values.AsSpan(y * weights.Stride, weights.Taps[y]);
            int x = 0;
            for (; x <= bytes - 4; x += 4)
            {
                byte* from = first + x;
                var sum = Vector128.Create(Rounding);
                foreach (int weight in row)
                {
                    sum += Widen(Unsafe.ReadUnaligned<uint>(from)) * weight;
                    from += sourceStride;
                }

                Unsafe.WriteUnaligned(target + x, Narrow(sum));
            }

            for (; x < bytes; x++)
            {
                byte* from = first + x;
                int sum = Rounding;
                foreach (int weight in row)
                {
                    sum += *from * weight;
                    from += sourceStride;
                }

                target[x] = (byte)Math.Clamp(sum >> ResizeWeights.PrecisionBits, 0, 255);
            }
        }
    }

    private static Vector128<int> Widen(uint fourBytes) =>
        Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalar(fourBytes).AsByte())).AsInt32();

    private static uint Narrow(Vector128<int> sum)
    {
        var bytes = Vector128.Clamp(sum >> ResizeWeights.PrecisionBits, Vector128<int>.Zero, Vector128.Create(255)).AsUInt32();
        var words = Vector128.Narrow(bytes, bytes);
        return Vector128.Narrow(words, words).AsUInt32().ToScalar();
    }
}
