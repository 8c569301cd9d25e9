using System.Runtime.Intrinsics;

namespace OnnxTransfer.Numerics;

/// <summary>
/// Products of blocks of rows, in float32 or float64, on the widest registers there are. Tiles of sums stay in registers:
/// sixteen at once where there are 32 registers (AVX-512), eight otherwise. Every sum runs in the same order whatever its
/// tile. Rows are padded: lengths are multiples of <see cref="Padding"/>, what lies behind the real columns is 0.
/// </summary>
internal static unsafe class LaneProducts
{
    /// <summary>Columns come in multiples of this: lanes of the widest register.</summary>
    public const int Padding = 16;

    /// <summary>result[i, j] = x_i . w_j for i below rows (a multiple of 4) and j below outputs (a multiple of 2).</summary>
    public static void Multiply<T>(T* x, int strideX, int rows, T* w, int strideW, int outputs, int length, T* result, int strideResult)
        where T : unmanaged
    {
        if (typeof(T) == typeof(float) && Vector512.IsHardwareAccelerated)
        {
            LaneKernels<FloatLanes512, Vector512<float>, float>.Multiply(
                (float*)x, strideX, rows, (float*)w, strideW, outputs, length, (float*)result, strideResult);
        }
        else if (typeof(T) == typeof(float))
        {
            LaneKernels<FloatLanes256, Vector256<float>, float>.Multiply(
                (float*)x, strideX, rows, (float*)w, strideW, outputs, length, (float*)result, strideResult);
        }
        else if (Vector512.IsHardwareAccelerated)
        {
            LaneKernels<DoubleLanes512, Vector512<double>, double>.Multiply(
                (double*)x, strideX, rows, (double*)w, strideW, outputs, length, (double*)result, strideResult);
        }
        else
        {
            LaneKernels<DoubleLanes256, Vector256<double>, double>.Multiply(
                (double*)x, strideX, rows, (double*)w, strideW, outputs, length, (double*)result, strideResult);
        }
    }

    /// <summary>sum[j, c] += the sum over rows of factors[i, j] x[i, c], for j below outputs and c below length.</summary>
    public static void AddOuter<T>(T* factors, int strideFactors, T* x, int strideX, int rows, int outputs, int length, T* sum, int strideSum)
        where T : unmanaged
    {
        if (typeof(T) == typeof(float) && Vector512.IsHardwareAccelerated)
        {
            LaneKernels<FloatLanes512, Vector512<float>, float>.AddOuter(
                (float*)factors, strideFactors, (float*)x, strideX, rows, outputs, length, (float*)sum, strideSum);
        }
        else if (typeof(T) == typeof(float))
        {
            LaneKernels<FloatLanes256, Vector256<float>, float>.AddOuter(
                (float*)factors, strideFactors, (float*)x, strideX, rows, outputs, length, (float*)sum, strideSum);
        }
        else if (Vector512.IsHardwareAccelerated)
        {
            LaneKernels<DoubleLanes512, Vector512<double>, double>.AddOuter(
                (double*)factors, strideFactors, (double*)x, strideX, rows, outputs, length, (double*)sum, strideSum);
        }
        else
        {
            LaneKernels<DoubleLanes256, Vector256<double>, double>.AddOuter(
                (double*)factors, strideFactors, (double*)x, strideX, rows, outputs, length, (double*)sum, strideSum);
        }
    }

    /// <summary>result = (row - mean) x scale over <paramref name="length"/> values of a row of float32.</summary>
    public static void Standardise<T>(float* row, T* mean, T* scale, int length, T* result)
        where T : unmanaged
    {
        if (typeof(T) == typeof(float) && Vector512.IsHardwareAccelerated)
        {
            LaneKernels<FloatLanes512, Vector512<float>, float>.Standardise(row, (float*)mean, (float*)scale, length, (float*)result);
        }
        else if (typeof(T) == typeof(float))
        {
            LaneKernels<FloatLanes256, Vector256<float>, float>.Standardise(row, (float*)mean, (float*)scale, length, (float*)result);
        }
        else if (Vector512.IsHardwareAccelerated)
        {
            LaneKernels<DoubleLanes512, Vector512<double>, double>.Standardise(row, (double*)mean, (double*)scale, length, (double*)result);
        }
        else
        {
            LaneKernels<DoubleLanes256, Vector256<double>, double>.Standardise(row, (double*)mean, (double*)scale, length, (double*)result);
        }
    }
}
