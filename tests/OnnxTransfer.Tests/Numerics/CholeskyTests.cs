using OnnxTransfer.Numerics;

namespace OnnxTransfer.Tests.Numerics;

public sealed class CholeskyTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(203)]
    public void The_solution_solves_the_system(int size)
    {
        var (matrix, solution) = Problem(size);
        var right = new double[size];
        for (int i = 0; i < size; i++)
        {
            for (int j = 0; j < size; j++)
            {
                right[i] += matrix[(i * size) + j] * solution[j];
            }
        }

        double[]? found = Cholesky.Factor([.. matrix], size, 2)?.Solve(right);
        Assert.NotNull(found);
        for (int i = 0; i < size; i++)
        {
            Assert.Equal(solution[i], found[i], 1e-9);
        }

        Assert.Equal(found, Cholesky.Factor([.. matrix], size, 1)!.Solve(right)); // threads change no bit
    }

    [Fact]
    public void A_singular_or_indefinite_matrix_is_refused()
    {
        Assert.Null(Cholesky.Factor([1, 1, 1, 1], 2, 1));
        Assert.Null(Cholesky.Factor([1, 2, 2, 1], 2, 1));
        Assert.Null(Cholesky.Factor([0], 1, 1));
        Assert.Null(Cholesky.Factor([double.NaN], 1, 1));
    }

    private static (double[] Matrix, double[] Solution) Problem(int size)
    {
        var random = new SeededRandom(size);
        double[] factor = [.. Enumerable.Range(0, size * size).Select(_ => random.NextGaussian())];
        var matrix = new double[size * size];
        for (int i = 0; i < size; i++)
        {
            for (int j = 0; j < size; j++)
            {
                for (int k = 0; k < size; k++)
                {
                    matrix[(i * size) + j] += factor[(i * size) + k] * factor[(j * size) + k] / size;
                }
            }

            matrix[(i * size) + i] += 0.5;
        }

        return (matrix, [.. Enumerable.Range(0, size).Select(_ => random.NextGaussian())]);
    }
}
