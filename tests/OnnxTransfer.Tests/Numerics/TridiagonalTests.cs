using OnnxTransfer.Numerics;

namespace OnnxTransfer.Tests.Numerics;

public sealed unsafe class TridiagonalTests
{
    [Theory]
    [InlineData(1, 0.1)]
    [InlineData(2, 0.1)]
    [InlineData(5, 0.1)]
    [InlineData(32, 1e-3)]
    [InlineData(33, 1e-3)]
    [InlineData(100, 10)]
    [InlineData(350, 1e-2)]
    public void Solves_as_Cholesky_does_for_any_shift(int size, double shift)
    {
        double[] matrix = Gram(size, size), right = Numbers(size, 2);
        double[] solution = Solve(matrix, right, shift, threads: 2)!;
        double[] shifted = [.. matrix];
        for (int i = 0; i < size; i++)
        {
            shifted[(i * size) + i] += shift;
        }

        double[] expected = Cholesky.Factor(shifted, size, 1)!.Solve(right);
        Assert.All(expected.Zip(solution), pair => Assert.Equal(pair.First, pair.Second, 1e-9 * Math.Max(1, expected.Max(Math.Abs))));
        Assert.Equal(solution, Solve(matrix, right, shift, threads: 1)); // threads change no bit
    }

    [Fact]
    public void A_matrix_of_few_dimensions_is_singular_without_a_shift_and_solved_with_one()
    {
        double[] matrix = Gram(40, 7), right = Numbers(40, 2);
        Assert.Null(Solve(matrix, right, 0, 1));
        double[] x = Solve(matrix, right, 1e-6, 1)!;
        for (int i = 0; i < 40; i++)
        {
            Assert.Equal(right[i], (1e-6 * x[i]) + Enumerable.Range(0, 40).Sum(j => matrix[(Math.Max(i, j) * 40) + Math.Min(i, j)] * x[j]), 1e-6);
        }
    }

    [Fact]
    public void Diagonal_and_zero_matrices_are_what_they_are()
    {
        Assert.Equal([1, 0.25], Solve([1, 0, 0, 3], [2, 1], 1, 1)!);
        Assert.Null(Solve([0, 0, 0, 0], [1, 1], 0, 1));
        Assert.Equal([0.5, 0.5], Solve([0, 0, 0, 0], [1, 1], 2, 1)!);
    }

    private static double[]? Solve(double[] lower, double[] right, double shift, int threads)
    {
        fixed (double* matrix = lower)
        {
            double[] result = [.. right];
            var reduced = Tridiagonal.Reduce(matrix, right.Length, right.Length, threads, default);
            reduced.Rotate(result);
            if (!reduced.Solve(shift, result))
            {
                return null;
            }

            reduced.RotateBack(result);
            return result;
        }
    }

    // Lower triangle of B Bᵀ / columns; what lies above is never to be read.
    private static double[] Gram(int size, int columns)
    {
        double[] b = Numbers(size * columns, 1), gram = new double[size * size];
        Array.Fill(gram, double.NaN);
        for (int i = 0; i < size; i++)
        {
            for (int j = 0; j <= i; j++)
            {
                gram[(i * size) + j] = DoubleProducts.Dot(b.AsSpan(i * columns, columns), b.AsSpan(j * columns, columns)) / columns;
            }
        }

        return gram;
    }

    private static double[] Numbers(int count, long seed)
    {
        var random = new SeededRandom(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextGaussian())];
    }
}
