using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace OnnxTransfer.Numerics;

/// <summary>
/// Products of a block of rows with the weights of k classes, in float32. Four rows and two classes share their loads in
/// registers: eight sums are under way at once, which hides the latency of a fused multiply-add. Every single sum runs in
/// the same order whatever the tile, so a row's result does not depend on its neighbours. <see cref="Vector256"/> falls
/// back to narrower vectors by itself where AVX is missing.
/// </summary>
internal static unsafe class FloatProducts
{
    private const int ClassBlock = 32; // 32 x 2,048 floats: weights stay in the L2 cache while rows pass by

    /// <summary>result [rows, classes] = x [rows, width] times w [classes, width] transposed; all row-major.</summary>
    public static void Multiply(ReadOnlySpan<float> x, ReadOnlySpan<float> w, int width, Span<float> result)
    {
        int rows = x.Length / width, classes = w.Length / width;
        CheckSizes(x.Length, w.Length, width, result.Length, rows, classes);
        fixed (float* px = x, pw = w, pr = result)
        {
            for (int first = 0; first < classes; first += ClassBlock)
            {
                int end = Math.Min(first + ClassBlock, classes);
                int r = 0;
                for (; r + 4 <= rows; r += 4)
                {
                    int c = first;
                    for (; c + 2 <= end; c += 2)
                    {
                        Tile4x2(px + ((long)r * width), pw + ((long)c * width), width, pr + ((long)r * classes) + c, classes);
                    }

                    for (; c < end; c++)
                    {
                        Tile4x1(px + ((long)r * width), pw + ((long)c * width), width, pr + ((long)r * classes) + c, classes);
                    }
                }

                for (; r < rows; r++)
                {
                    for (int c = first; c < end; c++)
                    {
                        pr[((long)r * classes) + c] = Dot(px + ((long)r * width), pw + ((long)c * width), width);
                    }
                }
            }
        }
    }

    /// <summary>gradient [classes, width] += residuals [rows, classes] transposed times x [rows, width].</summary>
    public static void AddOuter(ReadOnlySpan<float> residuals, ReadOnlySpan<float> x, int width, Span<float> gradient)
    {
        int rows = x.Length / width, classes = gradient.Length / width;
        CheckSizes(x.Length, gradient.Length, width, residuals.Length, rows, classes);
        fixed (float* px = x, pg = gradient, pr = residuals)
        {
            for (int r = 0; r < rows; r += 4)
            {
                int taken = Math.Min(4, rows - r), c = 0;
                for (; taken == 4 && c + 2 <= classes; c += 2)
                {
                    Outer4x2(pr + ((long)r * classes) + c, classes, px + ((long)r * width), width, pg + ((long)c * width));
                }

                for (; c < classes; c++)
                {
                    for (int i = r; i < r + taken; i++)
                    {
                        AddScaled(pr[((long)i * classes) + c], px + ((long)i * width), width, pg + ((long)c * width));
                    }
                }
            }
        }
    }

    /// <summary>True when no value is NaN or infinite.</summary>
    public static bool AllFinite(ReadOnlySpan<float> values)
    {
        fixed (float* p = values)
        {
            var sum = Vector256<float>.Zero;
            int i = 0;
            for (; i + 8 <= values.Length; i += 8)
            {
                sum += Vector256.Load(p + i) * Vector256<float>.Zero; // 0 for a finite value, NaN for any other
            }

            float total = Vector256.Sum(sum);
            for (; i < values.Length; i++)
            {
                total += p[i] * 0;
            }

            return total == 0;
        }
    }

    private static void CheckSizes(int x, int w, int width, int table, int rows, int classes)
    {
        if (x != (long)rows * width || w != (long)classes * width || table != (long)rows * classes)
        {
            throw new ArgumentException($"{x}, {w} and {table} values do not fit {rows} rows, {classes} classes and width {width}");
        }
    }

    private static void Tile4x2(float* x, float* w, int width, float* result, int classes)
    {
        float* x1 = x + width, x2 = x1 + width, x3 = x2 + width, w1 = w + width;
        Vector256<float> s00 = default, s01 = default, s10 = default, s11 = default;
        Vector256<float> s20 = default, s21 = default, s30 = default, s31 = default;
        int i = 0;
        for (; i + 8 <= width; i += 8)
        {
            var a = Vector256.Load(w + i);
            var b = Vector256.Load(w1 + i);
            var row = Vector256.Load(x + i);
            s00 = Vector256.MultiplyAddEstimate(row, a, s00);
            s01 = Vector256.MultiplyAddEstimate(row, b, s01);
            row = Vector256.Load(x1 + i);
            s10 = Vector256.MultiplyAddEstimate(row, a, s10);
            s11 = Vector256.MultiplyAddEstimate(row, b, s11);
            row = Vector256.Load(x2 + i);
            s20 = Vector256.MultiplyAddEstimate(row, a, s20);
            s21 = Vector256.MultiplyAddEstimate(row, b, s21);
            row = Vector256.Load(x3 + i);
            s30 = Vector256.MultiplyAddEstimate(row, a, s30);
            s31 = Vector256.MultiplyAddEstimate(row, b, s31);
        }

        result[0] = Finish(s00, x, w, i, width);
        result[1] = Finish(s01, x, w1, i, width);
        result += classes;
        result[0] = Finish(s10, x1, w, i, width);
        result[1] = Finish(s11, x1, w1, i, width);
        result += classes;
        result[0] = Finish(s20, x2, w, i, width);
        result[1] = Finish(s21, x2, w1, i, width);
        result += classes;
        result[0] = Finish(s30, x3, w, i, width);
        result[1] = Finish(s31, x3, w1, i, width);
    }

    private static void Tile4x1(float* x, float* w, int width, float* result, int classes)
    {
        float* x1 = x + width, x2 = x1 + width, x3 = x2 + width;
        Vector256<float> s0 = default, s1 = default, s2 = default, s3 = default;
        int i = 0;
        for (; i + 8 <= width; i += 8)
        {
            var a = Vector256.Load(w + i);
            s0 = Vector256.MultiplyAddEstimate(Vector256.Load(x + i), a, s0);
            s1 = Vector256.MultiplyAddEstimate(Vector256.Load(x1 + i), a, s1);
            s2 = Vector256.MultiplyAddEstimate(Vector256.Load(x2 + i), a, s2);
            s3 = Vector256.MultiplyAddEstimate(Vector256.Load(x3 + i), a, s3);
        }

        result[0] = Finish(s0, x, w, i, width);
        result[classes] = Finish(s1, x1, w, i, width);
        result[2 * classes] = Finish(s2, x2, w, i, width);
        result[3 * classes] = Finish(s3, x3, w, i, width);
    }

    private static float Dot(float* x, float* w, int width)
    {
        Vector256<float> sum = default;
        int i = 0;
        for (; i + 8 <= width; i += 8)
        {
            sum = Vector256.MultiplyAddEstimate(Vector256.Load(x + i), Vector256.Load(w + i), sum);
        }

        return Finish(sum, x, w, i, width);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Finish(Vector256<float> sum, float* x, float* w, int from, int width)
    {
        float total = Vector256.Sum(sum);
        for (int i = from; i < width; i++)
        {
            total += x[i] * w[i];
        }

        return total;
    }

    private static void Outer4x2(float* residuals, int classes, float* x, int width, float* gradient)
    {
        float* x1 = x + width, x2 = x1 + width, x3 = x2 + width, g1 = gradient + width;
        float* r1 = residuals + classes, r2 = r1 + classes, r3 = r2 + classes;
        var a0 = Vector256.Create(residuals[0]);
        var b0 = Vector256.Create(residuals[1]);
        var a1 = Vector256.Create(r1[0]);
        var b1 = Vector256.Create(r1[1]);
        var a2 = Vector256.Create(r2[0]);
        var b2 = Vector256.Create(r2[1]);
        var a3 = Vector256.Create(r3[0]);
        var b3 = Vector256.Create(r3[1]);
        int i = 0;
        for (; i + 8 <= width; i += 8)
        {
            var ga = Vector256.Load(gradient + i);
            var gb = Vector256.Load(g1 + i);
            var row = Vector256.Load(x + i);
            ga = Vector256.MultiplyAddEstimate(row, a0, ga);
            gb = Vector256.MultiplyAddEstimate(row, b0, gb);
            row = Vector256.Load(x1 + i);
            ga = Vector256.MultiplyAddEstimate(row, a1, ga);
            gb = Vector256.MultiplyAddEstimate(row, b1, gb);
            row = Vector256.Load(x2 + i);
            ga = Vector256.MultiplyAddEstimate(row, a2, ga);
            gb = Vector256.MultiplyAddEstimate(row, b2, gb);
            row = Vector256.Load(x3 + i);
            ga = Vector256.MultiplyAddEstimate(row, a3, ga);
            gb = Vector256.MultiplyAddEstimate(row, b3, gb);
            ga.Store(gradient + i);
            gb.Store(g1 + i);
        }

        for (; i < width; i++)
        {
            gradient[i] += (residuals[0] * x[i]) + (r1[0] * x1[i]) + (r2[0] * x2[i]) + (r3[0] * x3[i]);
            g1[i] += (residuals[1] * x[i]) + (r1[1] * x1[i]) + (r2[1] * x2[i]) + (r3[1] * x3[i]);
        }
    }

    private static void AddScaled(float factor, float* x, int width, float* sum)
    {
        var factors = Vector256.Create(factor);
        int i = 0;
        for (; i + 8 <= width; i += 8)
        {
            Vector256.MultiplyAddEstimate(Vector256.Load(x + i), factors, Vector256.Load(sum + i)).Store(sum + i);
        }

        for (; i < width; i++)
        {
            sum[i] += factor * x[i];
        }
    }
}
