using OnnxTransfer.Heads;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Tests.Heads;

public sealed class SoftmaxObjectiveTests
{
    private const int Rows = 700, Width = 11, Classes = 3;

    [Fact]
    public void The_gradient_is_that_of_the_plain_objective_by_finite_differences()
    {
        var set = Planted.Classes(Rows, Width, Classes, distance: 0.6);
        double[] weights = [.. Enumerable.Range(0, Rows).Select(i => 0.5 + (i % 4))];
        var standardisation = Standardisation.Of(set.Rows, weights, scale: true, 2, default).InSingle();
        var objective = new SoftmaxObjective(set.Rows, set.Labels, weights, Classes, standardisation, 2) { L2 = 0.03 };
        var random = new SeededRandom(5);
        double[] parameters = [.. Enumerable.Range(0, objective.Size).Select(_ => 0.3 * random.NextGaussian())];
        var gradient = new double[objective.Size];
        double value = objective.Evaluate(parameters, gradient, default);

        double Plain(double[] at) => Reference(set.Rows, set.Labels, weights, standardisation, at, 0.03);
        Assert.Equal(Plain(parameters), value, 1e-6);
        const double Step = 1e-5;
        for (int p = 0; p < parameters.Length; p++)
        {
            double[] above = [.. parameters], below = [.. parameters];
            above[p] += Step;
            below[p] -= Step;
            Assert.Equal((Plain(above) - Plain(below)) / (2 * Step), gradient[p], 1e-6);
        }
    }

    // The objective as its formula reads, in float64.
    private static double Reference(
        IRows rows, int[] labels, double[] weights, Standardisation standardisation, double[] parameters, double l2)
    {
        double loss = 0;
        for (int i = 0; i < Rows; i++)
        {
            var logits = new double[Classes];
            for (int c = 0; c < Classes; c++)
            {
                logits[c] = parameters[(Classes * Width) + c];
                for (int j = 0; j < Width; j++)
                {
                    logits[c] += parameters[(c * Width) + j] * (rows[i][j] - standardisation.Mean[j]) * standardisation.Scale[j];
                }
            }

            loss += weights[i] * (Math.Log(logits.Sum(Math.Exp)) - logits[labels[i]]);
        }

        return (loss / weights.Sum()) + (0.5 * l2 * parameters.Take(Classes * Width).Sum(value => value * value));
    }
}
