using OnnxTransfer.Numerics;

namespace OnnxTransfer.Tests.Numerics;

public sealed class LbfgsTests
{
    [Fact]
    public void Finds_the_bottom_of_a_badly_scaled_quadratic()
    {
        const int Size = 50;
        double Objective(ReadOnlySpan<double> x, Span<double> gradient)
        {
            double value = 0;
            for (int i = 0; i < Size; i++)
            {
                double stiffness = Math.Pow(10, 4.0 * i / Size);
                gradient[i] = stiffness * (x[i] - i);
                value += 0.5 * gradient[i] * (x[i] - i);
            }

            return value;
        }

        var minimum = new Lbfgs { GradientTolerance = 1e-6, ObjectiveTolerance = 0 }.Minimise(Objective, new double[Size]);
        Assert.True(minimum.Converged, $"gradient {minimum.GradientNorm} after {minimum.Iterations}");
        for (int i = 0; i < Size; i++)
        {
            Assert.Equal(i, minimum.Parameters[i], 1e-5);
        }
    }

    [Fact]
    public void Follows_the_valley_of_Rosenbrock()
    {
        static double Objective(ReadOnlySpan<double> x, Span<double> gradient)
        {
            double rise = x[1] - (x[0] * x[0]), left = 1 - x[0];
            gradient[0] = (-400 * x[0] * rise) - (2 * left);
            gradient[1] = 200 * rise;
            return (100 * rise * rise) + (left * left);
        }

        var minimum = new Lbfgs { GradientTolerance = 1e-9 }.Minimise(Objective, [-1.2, 1]);
        Assert.Equal(1, minimum.Parameters[0], 1e-7);
        Assert.Equal(1, minimum.Parameters[1], 1e-7);
        Assert.InRange(minimum.Iterations, 10, 60);
    }

    [Fact]
    public void Tells_when_iterations_ran_out_and_leaves_the_start_alone()
    {
        static double Objective(ReadOnlySpan<double> x, Span<double> gradient)
        {
            gradient[0] = Math.Sinh(x[0]);
            return Math.Cosh(x[0]);
        }

        double[] start = [9];
        var minimum = new Lbfgs { GradientTolerance = 1e-12, MaxIterations = 2 }.Minimise(Objective, start);
        Assert.Equal([9.0], start);
        Assert.False(minimum.Converged);
        Assert.Equal(2, minimum.Iterations);
    }

    [Fact]
    public void Can_be_cancelled()
    {
        using var source = new CancellationTokenSource();
        double Objective(ReadOnlySpan<double> x, Span<double> gradient)
        {
            gradient[0] = 2 * x[0];
            source.Cancel();
            return x[0] * x[0];
        }

        Assert.Throws<OperationCanceledException>(
            () => new Lbfgs { GradientTolerance = 0 }.Minimise(Objective, [1], cancellation: source.Token));
    }
}
