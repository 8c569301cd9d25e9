using OnnxTransfer.Numerics;

namespace OnnxTransfer.Tests.Numerics;

public sealed class FloatProductsTests
{
    public static TheoryData<int, int, int> Sizes => new()
    {
        { 1, 1, 1 }, { 1, 2, 7 }, { 3, 3, 8 }, { 4, 2, 9 }, { 5, 5, 33 }, { 7, 10, 64 }, { 32, 3, 100 }, { 9, 67, 31 }, { 4, 33, 15 },
    };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Products_equal_the_plain_sums(int rows, int classes, int width)
    {
        float[] x = Numbers(rows * width, 1), w = Numbers(classes * width, 2), result = new float[rows * classes];
        FloatProducts.Multiply(x, w, width, result);
        for (int r = 0; r < rows; r++)
        {
            for (int c = 0; c < classes; c++)
            {
                double expected = 0;
                for (int j = 0; j < width; j++)
                {
                    expected += (double)x[(r * width) + j] * w[(c * width) + j];
                }

                Assert.Equal(expected, result[(r * classes) + c], 1e-4);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Outer_products_are_added_to_what_is_there(int rows, int classes, int width)
    {
        float[] x = Numbers(rows * width, 1), residuals = Numbers(rows * classes, 2), gradient = Numbers(classes * width, 3);
        float[] before = [.. gradient];
        FloatProducts.AddOuter(residuals, x, width, gradient);
        for (int c = 0; c < classes; c++)
        {
            for (int j = 0; j < width; j++)
            {
                double expected = before[(c * width) + j];
                for (int r = 0; r < rows; r++)
                {
                    expected += (double)residuals[(r * classes) + c] * x[(r * width) + j];
                }

                Assert.Equal(expected, gradient[(c * width) + j], 1e-4);
            }
        }
    }

    [Fact]
    public void A_row_gives_the_same_bits_alone_and_among_others()
    {
        const int Rows = 7, Classes = 5, Width = 37;
        float[] x = Numbers(Rows * Width, 1), w = Numbers(Classes * Width, 2), together = new float[Rows * Classes], alone = new float[Classes];
        FloatProducts.Multiply(x, w, Width, together);
        for (int r = 0; r < Rows; r++)
        {
            FloatProducts.Multiply(x.AsSpan(r * Width, Width), w, Width, alone);
            Assert.Equal(together[(r * Classes)..((r + 1) * Classes)], alone);
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void A_value_that_is_not_finite_is_found_wherever_it_stands(float bad)
    {
        float[] values = Numbers(19, 1);
        values[2] = float.MaxValue;
        values[3] = -float.MaxValue;
        Assert.True(FloatProducts.AllFinite(values));
        for (int i = 0; i < values.Length; i++)
        {
            float[] spoilt = [.. values];
            spoilt[i] = bad;
            Assert.False(FloatProducts.AllFinite(spoilt), $"at {i}");
        }
    }

    [Fact]
    public void Sizes_that_do_not_fit_are_refused()
    {
        Assert.Throws<ArgumentException>(() => FloatProducts.Multiply(new float[6], new float[6], 3, new float[3]));
        Assert.Throws<ArgumentException>(() => FloatProducts.AddOuter(new float[4], new float[6], 4, new float[8]));
    }

    private static float[] Numbers(int count, long seed)
    {
        var random = new SeededRandom(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)random.NextGaussian())];
    }
}
