using System.Runtime.Intrinsics;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Tests.Numerics;

/// <summary>Every kind of register, whatever this processor has: without hardware for it the runtime computes the same in parts.</summary>
public sealed unsafe class LaneProductsTests
{
    public static TheoryData<string, int, int, int> Sizes
    {
        get
        {
            var data = new TheoryData<string, int, int, int>();
            foreach (string kind in new[] { "float256", "float512", "double256", "double512" })
            {
                data.Add(kind, 4, 2, 16);
                data.Add(kind, 8, 6, 48);
                data.Add(kind, 12, 10, 208);
                data.Add(kind, 20, 3, 96); // outer products alone take an odd number of outputs
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Products_equal_the_plain_sums(string kind, int rows, int outputs, int length)
    {
        switch (kind)
        {
            case "float256":
                Check<FloatLanes256, Vector256<float>, float>(rows, outputs, length, 1e-4);
                break;
            case "float512":
                Check<FloatLanes512, Vector512<float>, float>(rows, outputs, length, 1e-4);
                break;
            case "double256":
                Check<DoubleLanes256, Vector256<double>, double>(rows, outputs, length, 1e-12);
                break;
            default:
                Check<DoubleLanes512, Vector512<double>, double>(rows, outputs, length, 1e-12);
                break;
        }
    }

    [Fact]
    public void Rows_of_any_length_are_standardised()
    {
        var (row, mean, scale, result) = (Numbers<float>(19, 1), Numbers<double>(19, 2), Numbers<double>(19, 3), Numbers<double>(20, 4));
        double behind = result.Start[19];
        LaneProducts.Standardise(row.Start, mean.Start, scale.Start, 19, result.Start);
        for (int i = 0; i < 19; i++)
        {
            Assert.Equal((row.Start[i] - mean.Start[i]) * scale.Start[i], result.Start[i], 1e-14);
        }

        Assert.Equal(behind, result.Start[19]);
        Assert.Equal(0, (nint)row.Start % 64);
    }

    private static void Check<TLanes, TVector, T>(int rows, int outputs, int length, double tolerance)
        where TLanes : ILanes<TVector, T>
        where TVector : struct
        where T : unmanaged, System.Numerics.IFloatingPointIeee754<T>
    {
        int stride = length + 16, even = (outputs + 1) / 2 * 2;
        var (x, w, products) = (Numbers<T>(rows * stride, 1), Numbers<T>(even * stride, 2), Numbers<T>(rows * even, 3));
        LaneKernels<TLanes, TVector, T>.Multiply(x.Start, stride, rows, w.Start, stride, even, length, products.Start, even);
        for (int i = 0; i < rows * even; i++)
        {
            double expected = Enumerable.Range(0, length).Sum(j => At(x, ((i / even) * stride) + j) * At(w, ((i % even) * stride) + j));
            Assert.Equal(expected, At(products, i), tolerance);
        }

        var sum = Numbers<T>(outputs * stride, 4);
        double[] before = [.. Enumerable.Range(0, outputs * stride).Select(i => At(sum, i))];
        LaneKernels<TLanes, TVector, T>.AddOuter(products.Start, even, x.Start, stride, rows, outputs, length, sum.Start, stride);
        for (int i = 0; i < outputs * stride; i++)
        {
            double expected = i % stride >= length ? 0 : Enumerable.Range(0, rows).Sum(r => At(products, (r * even) + (i / stride)) * At(x, (r * stride) + (i % stride)));
            Assert.Equal(before[i] + expected, At(sum, i), 30 * tolerance);
        }
    }

    private static double At<T>(AlignedArray<T> values, int index)
        where T : unmanaged, System.Numerics.IFloatingPointIeee754<T> => double.CreateTruncating(values.Start[index]);

    private static AlignedArray<T> Numbers<T>(int count, long seed)
        where T : unmanaged, System.Numerics.IFloatingPointIeee754<T>
    {
        var random = new SeededRandom(seed);
        var result = new AlignedArray<T>(count);
        for (int i = 0; i < count; i++)
        {
            result.Start[i] = T.CreateTruncating(random.NextGaussian());
        }

        return result;
    }
}
