using System.Numerics;

namespace OnnxTransfer.Numerics;

/// <summary>The kernels of <see cref="LaneProducts"/>, once for every kind of register.</summary>
internal static unsafe class LaneKernels<TLanes, TVector, T>
    where TLanes : ILanes<TVector, T>
    where TVector : struct
    where T : unmanaged, IFloatingPointIeee754<T>
{
    // 16 sums and their operands need more than the 16 registers of AVX2.
    private static bool HasManyRegisters => System.Runtime.Intrinsics.Vector512.IsHardwareAccelerated;

    public static void Multiply(T* x, int strideX, int rows, T* w, int strideW, int outputs, int length, T* result, int strideResult)
    {
        for (int i = 0; i < rows; i += 4)
        {
            T* row = x + ((long)i * strideX), to = result + ((long)i * strideResult);
            int j = 0;
            for (; HasManyRegisters && j + 4 <= outputs; j += 4)
            {
                Dots4x4(row, strideX, w + ((long)j * strideW), strideW, length, to + j, strideResult);
            }

            for (; j < outputs; j += 2)
            {
                Dots4x2(row, strideX, w + ((long)j * strideW), strideW, length, to + j, strideResult);
            }
        }
    }

    // Four registers of columns at a time: that part of x stays in the L1 cache while all outputs pass by.
    public static void AddOuter(T* factors, int strideFactors, T* x, int strideX, int rows, int outputs, int length, T* sum, int strideSum)
    {
        int column = 0;
        for (; column + (4 * TLanes.Count) <= length; column += 4 * TLanes.Count)
        {
            int j = 0;
            for (; HasManyRegisters && j + 4 <= outputs; j += 4)
            {
                Outer4x4(factors + j, strideFactors, x + column, strideX, rows, sum + ((long)j * strideSum) + column, strideSum);
            }

            for (; j + 2 <= outputs; j += 2)
            {
                Outer2x4(factors + j, strideFactors, x + column, strideX, rows, sum + ((long)j * strideSum) + column, strideSum);
            }

            for (int part = 0; j < outputs && part < 4; part++)
            {
                int c = column + (part * TLanes.Count);
                Outer1x1(factors + j, strideFactors, x + c, strideX, rows, sum + ((long)j * strideSum) + c);
            }
        }

        for (; column < length; column += TLanes.Count)
        {
            for (int j = 0; j < outputs; j++)
            {
                Outer1x1(factors + j, strideFactors, x + column, strideX, rows, sum + ((long)j * strideSum) + column);
            }
        }
    }

    public static void Standardise(float* row, T* mean, T* scale, int length, T* result)
    {
        int i = 0;
        for (; i + TLanes.Count <= length; i += TLanes.Count)
        {
            TLanes.Store(TLanes.Standardise(TLanes.LoadSingles(row + i), TLanes.Load(mean + i), TLanes.Load(scale + i)), result + i);
        }

        for (; i < length; i++)
        {
            result[i] = (T.CreateTruncating(row[i]) - mean[i]) * scale[i];
        }
    }

    private static void Dots4x4(T* x, int strideX, T* w, int strideW, int length, T* result, int strideResult)
    {
        T* x1 = x + strideX, x2 = x1 + strideX, x3 = x2 + strideX;
        T* w1 = w + strideW, w2 = w1 + strideW, w3 = w2 + strideW;
        TVector s00 = TLanes.Zero, s01 = TLanes.Zero, s02 = TLanes.Zero, s03 = TLanes.Zero;
        TVector s10 = TLanes.Zero, s11 = TLanes.Zero, s12 = TLanes.Zero, s13 = TLanes.Zero;
        TVector s20 = TLanes.Zero, s21 = TLanes.Zero, s22 = TLanes.Zero, s23 = TLanes.Zero;
        TVector s30 = TLanes.Zero, s31 = TLanes.Zero, s32 = TLanes.Zero, s33 = TLanes.Zero;
        for (int i = 0; i < length; i += TLanes.Count)
        {
            var b0 = TLanes.Load(w + i);
            var b1 = TLanes.Load(w1 + i);
            var b2 = TLanes.Load(w2 + i);
            var b3 = TLanes.Load(w3 + i);
            var a = TLanes.Load(x + i);
            s00 = TLanes.MultiplyAdd(a, b0, s00);
            s01 = TLanes.MultiplyAdd(a, b1, s01);
            s02 = TLanes.MultiplyAdd(a, b2, s02);
            s03 = TLanes.MultiplyAdd(a, b3, s03);
            a = TLanes.Load(x1 + i);
            s10 = TLanes.MultiplyAdd(a, b0, s10);
            s11 = TLanes.MultiplyAdd(a, b1, s11);
            s12 = TLanes.MultiplyAdd(a, b2, s12);
            s13 = TLanes.MultiplyAdd(a, b3, s13);
            a = TLanes.Load(x2 + i);
            s20 = TLanes.MultiplyAdd(a, b0, s20);
            s21 = TLanes.MultiplyAdd(a, b1, s21);
            s22 = TLanes.MultiplyAdd(a, b2, s22);
            s23 = TLanes.MultiplyAdd(a, b3, s23);
            a = TLanes.Load(x3 + i);
            s30 = TLanes.MultiplyAdd(a, b0, s30);
            s31 = TLanes.MultiplyAdd(a, b1, s31);
            s32 = TLanes.MultiplyAdd(a, b2, s32);
            s33 = TLanes.MultiplyAdd(a, b3, s33);
        }

        result[0] = TLanes.Sum(s00);
        result[1] = TLanes.Sum(s01);
        result[2] = TLanes.Sum(s02);
        result[3] = TLanes.Sum(s03);
        result += strideResult;
        result[0] = TLanes.Sum(s10);
        result[1] = TLanes.Sum(s11);
        result[2] = TLanes.Sum(s12);
        result[3] = TLanes.Sum(s13);
        result += strideResult;
        result[0] = TLanes.Sum(s20);
        result[1] = TLanes.Sum(s21);
        result[2] = TLanes.Sum(s22);
        result[3] = TLanes.Sum(s23);
        result += strideResult;
        result[0] = TLanes.Sum(s30);
        result[1] = TLanes.Sum(s31);
        result[2] = TLanes.Sum(s32);
        result[3] = TLanes.Sum(s33);
    }

    private static void Dots4x2(T* x, int strideX, T* w, int strideW, int length, T* result, int strideResult)
    {
        T* x1 = x + strideX, x2 = x1 + strideX, x3 = x2 + strideX;
        T* w1 = w + strideW;
        TVector s00 = TLanes.Zero, s01 = TLanes.Zero;
        TVector s10 = TLanes.Zero, s11 = TLanes.Zero;
        TVector s20 = TLanes.Zero, s21 = TLanes.Zero;
        TVector s30 = TLanes.Zero, s31 = TLanes.Zero;
        for (int i = 0; i < length; i += TLanes.Count)
        {
            var b0 = TLanes.Load(w + i);
            var b1 = TLanes.Load(w1 + i);
            var a = TLanes.Load(x + i);
            s00 = TLanes.MultiplyAdd(a, b0, s00);
            s01 = TLanes.MultiplyAdd(a, b1, s01);
            a = TLanes.Load(x1 + i);
            s10 = TLanes.MultiplyAdd(a, b0, s10);
            s11 = TLanes.MultiplyAdd(a, b1, s11);
            a = TLanes.Load(x2 + i);
            s20 = TLanes.MultiplyAdd(a, b0, s20);
            s21 = TLanes.MultiplyAdd(a, b1, s21);
            a = TLanes.Load(x3 + i);
            s30 = TLanes.MultiplyAdd(a, b0, s30);
            s31 = TLanes.MultiplyAdd(a, b1, s31);
        }

        result[0] = TLanes.Sum(s00);
        result[1] = TLanes.Sum(s01);
        result += strideResult;
        result[0] = TLanes.Sum(s10);
        result[1] = TLanes.Sum(s11);
        result += strideResult;
        result[0] = TLanes.Sum(s20);
        result[1] = TLanes.Sum(s21);
        result += strideResult;
        result[0] = TLanes.Sum(s30);
        result[1] = TLanes.Sum(s31);
    }

    private static void Outer4x4(T* factors, int strideFactors, T* x, int strideX, int rows, T* sum, int strideSum)
    {
        TVector s00 = TLanes.Zero, s01 = TLanes.Zero, s02 = TLanes.Zero, s03 = TLanes.Zero;
        TVector s10 = TLanes.Zero, s11 = TLanes.Zero, s12 = TLanes.Zero, s13 = TLanes.Zero;
        TVector s20 = TLanes.Zero, s21 = TLanes.Zero, s22 = TLanes.Zero, s23 = TLanes.Zero;
        TVector s30 = TLanes.Zero, s31 = TLanes.Zero, s32 = TLanes.Zero, s33 = TLanes.Zero;
        for (int i = 0; i < rows; i++)
        {
            var b0 = TLanes.Load(x);
            var b1 = TLanes.Load(x + TLanes.Count);
            var b2 = TLanes.Load(x + (2 * TLanes.Count));
            var b3 = TLanes.Load(x + (3 * TLanes.Count));
            var a = TLanes.All(factors[0]);
            s00 = TLanes.MultiplyAdd(a, b0, s00);
            s01 = TLanes.MultiplyAdd(a, b1, s01);
            s02 = TLanes.MultiplyAdd(a, b2, s02);
            s03 = TLanes.MultiplyAdd(a, b3, s03);
            a = TLanes.All(factors[1]);
            s10 = TLanes.MultiplyAdd(a, b0, s10);
            s11 = TLanes.MultiplyAdd(a, b1, s11);
            s12 = TLanes.MultiplyAdd(a, b2, s12);
            s13 = TLanes.MultiplyAdd(a, b3, s13);
            a = TLanes.All(factors[2]);
            s20 = TLanes.MultiplyAdd(a, b0, s20);
            s21 = TLanes.MultiplyAdd(a, b1, s21);
            s22 = TLanes.MultiplyAdd(a, b2, s22);
            s23 = TLanes.MultiplyAdd(a, b3, s23);
            a = TLanes.All(factors[3]);
            s30 = TLanes.MultiplyAdd(a, b0, s30);
            s31 = TLanes.MultiplyAdd(a, b1, s31);
            s32 = TLanes.MultiplyAdd(a, b2, s32);
            s33 = TLanes.MultiplyAdd(a, b3, s33);
            x += strideX;
            factors += strideFactors;
        }

        AddTo(sum, 0, s00);
        AddTo(sum, 1, s01);
        AddTo(sum, 2, s02);
        AddTo(sum, 3, s03);
        sum += strideSum;
        AddTo(sum, 0, s10);
        AddTo(sum, 1, s11);
        AddTo(sum, 2, s12);
        AddTo(sum, 3, s13);
        sum += strideSum;
        AddTo(sum, 0, s20);
        AddTo(sum, 1, s21);
        AddTo(sum, 2, s22);
        AddTo(sum, 3, s23);
        sum += strideSum;
        AddTo(sum, 0, s30);
        AddTo(sum, 1, s31);
        AddTo(sum, 2, s32);
        AddTo(sum, 3, s33);
    }

    private static void Outer2x4(T* factors, int strideFactors, T* x, int strideX, int rows, T* sum, int strideSum)
    {
        TVector s00 = TLanes.Zero, s01 = TLanes.Zero, s02 = TLanes.Zero, s03 = TLanes.Zero;
        TVector s10 = TLanes.Zero, s11 = TLanes.Zero, s12 = TLanes.Zero, s13 = TLanes.Zero;
        for (int i = 0; i < rows; i++)
        {
            var b0 = TLanes.Load(x);
            var b1 = TLanes.Load(x + TLanes.Count);
            var b2 = TLanes.Load(x + (2 * TLanes.Count));
            var b3 = TLanes.Load(x + (3 * TLanes.Count));
            var a = TLanes.All(factors[0]);
            s00 = TLanes.MultiplyAdd(a, b0, s00);
            s01 = TLanes.MultiplyAdd(a, b1, s01);
            s02 = TLanes.MultiplyAdd(a, b2, s02);
            s03 = TLanes.MultiplyAdd(a, b3, s03);
            a = TLanes.All(factors[1]);
            s10 = TLanes.MultiplyAdd(a, b0, s10);
            s11 = TLanes.MultiplyAdd(a, b1, s11);
            s12 = TLanes.MultiplyAdd(a, b2, s12);
            s13 = TLanes.MultiplyAdd(a, b3, s13);
            x += strideX;
            factors += strideFactors;
        }

        AddTo(sum, 0, s00);
        AddTo(sum, 1, s01);
        AddTo(sum, 2, s02);
        AddTo(sum, 3, s03);
        sum += strideSum;
        AddTo(sum, 0, s10);
        AddTo(sum, 1, s11);
        AddTo(sum, 2, s12);
        AddTo(sum, 3, s13);
    }

    private static void Outer1x1(T* factors, int strideFactors, T* x, int strideX, int rows, T* sum)
    {
        var total = TLanes.Zero;
        for (int i = 0; i < rows; i++)
        {
            total = TLanes.MultiplyAdd(TLanes.All(factors[(long)i * strideFactors]), TLanes.Load(x + ((long)i * strideX)), total);
        }

        AddTo(sum, 0, total);
    }

    private static void AddTo(T* sum, int register, TVector value)
    {
        T* place = sum + (register * TLanes.Count);
        TLanes.Store(TLanes.Add(TLanes.Load(place), value), place);
    }
}
