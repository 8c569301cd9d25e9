using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace OnnxTransfer.Numerics;

/// <summary>Products of rows with rows in float64, the work horse of Gram matrices and of <see cref="Cholesky"/>.</summary>
internal static unsafe class DoubleProducts
{
    /// <summary>
    /// c[i, j] += factor * (a_i . b_j) for i below rowsA and j below rowsB, over <paramref name="length"/> columns. The rows
    /// of a, b and c lie strideA, strideB and strideC values apart.
    /// </summary>
    public static void Add(
        double* a, int rowsA, long strideA, double* b, int rowsB, long strideB, int length, double* c, long strideC, double factor)
    {
        int i = 0;
        for (; i + 4 <= rowsA; i += 4)
        {
            int j = 0;
            for (; j + 2 <= rowsB; j += 2)
            {
                Tile4x2(a + (i * strideA), strideA, b + (j * strideB), b + ((j + 1) * strideB), length, c + (i * strideC) + j, strideC, factor);
            }

            for (; j < rowsB; j++)
            {
                for (int k = i; k < i + 4; k++)
                {
                    c[(k * strideC) + j] += factor * Dot(a + (k * strideA), b + (j * strideB), length);
                }
            }
        }

        for (; i < rowsA; i++)
        {
            for (int j = 0; j < rowsB; j++)
            {
                c[(i * strideC) + j] += factor * Dot(a + (i * strideA), b + (j * strideB), length);
            }
        }
    }

    /// <summary>a . b over <paramref name="length"/> values.</summary>
    public static double Dot(double* a, double* b, int length)
    {
        Vector256<double> sum = default;
        int i = 0;
        for (; i + 4 <= length; i += 4)
        {
            sum = Vector256.MultiplyAddEstimate(Vector256.Load(a + i), Vector256.Load(b + i), sum);
        }

        return Finish(sum, a, b, i, length);
    }

    /// <summary>a . b.</summary>
    public static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        fixed (double* pa = a, pb = b)
        {
            return Dot(pa, pb, Math.Min(a.Length, b.Length));
        }
    }

    /// <summary>sum += factor * x.</summary>
    public static void AddScaled(double factor, ReadOnlySpan<double> x, Span<double> sum)
    {
        var factors = Vector256.Create(factor);
        fixed (double* px = x, ps = sum)
        {
            int i = 0;
            for (; i + 4 <= x.Length; i += 4)
            {
                Vector256.MultiplyAddEstimate(Vector256.Load(px + i), factors, Vector256.Load(ps + i)).Store(ps + i);
            }

            for (; i < x.Length; i++)
            {
                ps[i] += factor * px[i];
            }
        }
    }

    private static void Tile4x2(
        double* a, long strideA, double* b, double* b1, int length, double* c, long strideC, double factor)
    {
        double* a1 = a + strideA, a2 = a1 + strideA, a3 = a2 + strideA;
        Vector256<double> s00 = default, s01 = default, s10 = default, s11 = default;
        Vector256<double> s20 = default, s21 = default, s30 = default, s31 = default;
        int i = 0;
        for (; i + 4 <= length; i += 4)
        {
            var left = Vector256.Load(b + i);
            var right = Vector256.Load(b1 + i);
            var row = Vector256.Load(a + i);
            s00 = Vector256.MultiplyAddEstimate(row, left, s00);
            s01 = Vector256.MultiplyAddEstimate(row, right, s01);
            row = Vector256.Load(a1 + i);
            s10 = Vector256.MultiplyAddEstimate(row, left, s10);
            s11 = Vector256.MultiplyAddEstimate(row, right, s11);
            row = Vector256.Load(a2 + i);
            s20 = Vector256.MultiplyAddEstimate(row, left, s20);
            s21 = Vector256.MultiplyAddEstimate(row, right, s21);
            row = Vector256.Load(a3 + i);
            s30 = Vector256.MultiplyAddEstimate(row, left, s30);
            s31 = Vector256.MultiplyAddEstimate(row, right, s31);
        }

        c[0] += factor * Finish(s00, a, b, i, length);
        c[1] += factor * Finish(s01, a, b1, i, length);
        c += strideC;
        c[0] += factor * Finish(s10, a1, b, i, length);
        c[1] += factor * Finish(s11, a1, b1, i, length);
        c += strideC;
        c[0] += factor * Finish(s20, a2, b, i, length);
        c[1] += factor * Finish(s21, a2, b1, i, length);
        c += strideC;
        c[0] += factor * Finish(s30, a3, b, i, length);
        c[1] += factor * Finish(s31, a3, b1, i, length);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Finish(Vector256<double> sum, double* a, double* b, int from, int length)
    {
        double total = Vector256.Sum(sum);
        for (int i = from; i < length; i++)
        {
            total += a[i] * b[i];
        }

        return total;
    }
}
