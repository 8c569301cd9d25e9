using OnnxTransfer.Embeddings;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Heads;

/// <summary>
/// One set of rows with the pinball losses of three quantiles, rounded off by ε: u r - ε u²/2 with u = r / ε held between
/// τ - 1 and τ, which is the loss's Moreau envelope. Where its objective is least, these u are dual variables, and the
/// pinball objective is above the least by no more than the mean of ρ(r) - u r (Nesterov 2005 on such smoothing).
/// </summary>
internal sealed class QuantileProblem : IDisposable
{
    private const int Quantiles = 3;
    private const double FirstRounding = 0.3, LeastRounding = 1e-6; // of the targets' spread
    private const double LeastGap = 1e-7;                           // float32 tells no smaller one

    private readonly QuantileRegression _settings;
    private readonly LinearProblem _problem;
    private readonly RobustScale _robust;
    private readonly double[] _targets;
    private readonly double[] _parts;
    private double _lastRounding = FirstRounding; // of the fit before, on a path a good guess for the next

    public QuantileProblem(QuantileRegression settings, EmbeddingSet set, CancellationToken cancellation)
    {
        _settings = settings;
        _problem = new LinearProblem(set, Quantiles, settings.Standardise, settings.Threads, cancellation);
        _parts = [0.5 * (1 - settings.Coverage), 0.5, 0.5 * (1 + settings.Coverage)];
        double[] targets = OneTarget.Of(set, settings.LogTarget);
        _robust = RobustScale.Of(targets, set.Weights);
        _targets = Array.ConvertAll(targets, Scaled);
    }

    /// <summary>Fits all three, sharper and sharper, until each one's duality gap is below <paramref name="tolerance"/> of its objective.</summary>
    public Fit Minimise(double l2, double[]? start, string stage, double tolerance, Action<FitProgress>? progress)
    {
        double[] parameters = start ?? new double[_problem.Size];
        var sums = new double[2 * Quantiles];
        double rounding = start is null ? FirstRounding : Math.Min(FirstRounding, 4 * _lastRounding), last = double.PositiveInfinity;
        int iterations = 0;
        while (true)
        {
            var loss = Rounded(rounding);
            var minimiser = new Lbfgs
            {
                GradientTolerance = 1e-2 * tolerance,
                ObjectiveTolerance = 1e-3 * tolerance,
                MaxIterations = _settings.MaxIterations - iterations,
            };
            int before = iterations;
            var minimum = _problem.Minimise(
                minimiser, _problem.Objective(loss, l2), l2, parameters,
                (iteration, reached) => progress?.Invoke(new FitProgress(stage, before + iteration, reached)));
            parameters = minimum.Parameters;
            iterations += minimum.Iterations;
            _problem.Evaluate(parameters, loss, l2, new double[_problem.Size], sums);
            var (value, gap) = Judge(parameters, l2, sums);
            bool isClose = gap <= 0.5 * tolerance; // the other half is for what L-BFGS left, which a second start would find
            bool isDone = isClose && last - minimum.Value <= 0.1 * tolerance * minimum.Value;
            if (isDone || iterations >= _settings.MaxIterations || rounding <= LeastRounding)
            {
                _lastRounding = rounding;
                return new Fit(parameters, value, iterations, gap, isClose);
            }

            (last, rounding) = isClose ? (minimum.Value, rounding) : (double.PositiveInfinity, rounding / 4);
        }
    }

    /// <summary>Mean pinball loss of the three quantiles on other rows, in the scaled target.</summary>
    public double PinballLoss(EmbeddingSet other, double[] parameters)
    {
        double[] targets = Array.ConvertAll(OneTarget.Of(other, _settings.LogTarget), Scaled);
        return _problem.MeanOn(other, parameters, (row, scores, _) =>
        {
            double sum = 0;
            for (int c = 0; c < Quantiles; c++)
            {
                sum += Pinball(_parts[c], targets[row] - scores[c]);
            }

            return sum / Quantiles;
        });
    }

    public QuantileHead Head(double[] parameters)
    {
        double[] unscaled = Array.ConvertAll(parameters, value => value * _robust.Scale);
        for (int c = 0; c < Quantiles; c++)
        {
            unscaled[^(Quantiles - c)] += _robust.Centre;
        }

        var (weights, bias) = _problem.Folded(unscaled);
        float[] singleWeights = Array.ConvertAll(weights, value => (float)value), singleBias = Array.ConvertAll(bias, value => (float)value);
        FiniteHead.Check(singleWeights, singleBias);
        return new QuantileHead(singleWeights, singleBias, _settings.LogTarget);
    }

    public void Dispose() => _problem.Dispose();

    private static double Pinball(double part, double error) => error >= 0 ? part * error : (part - 1) * error;

    private double Scaled(double target) => (target - _robust.Centre) / _robust.Scale;

    // The further sums are, for each quantile, its pinball loss and its share of the duality gap.
    private LinearObjective.RowLoss Rounded(double rounding) => (row, scores, sums) =>
    {
        double loss = 0;
        for (int c = 0; c < Quantiles; c++)
        {
            double error = _targets[row] - scores[c], dual = Math.Clamp(error / rounding, _parts[c] - 1, _parts[c]);
            loss += dual * (error - (0.5 * rounding * dual));
            scores[c] = -dual;
            if (sums.Length > 0)
            {
                sums[c] = Pinball(_parts[c], error);
                sums[Quantiles + c] = sums[c] - (dual * error);
            }
        }

        return loss;
    };

    // The penalised pinball objective of all, and the largest gap of one as part of its objective.
    private (double Value, double Gap) Judge(double[] parameters, double l2, double[] sums)
    {
        int width = (_problem.Size / Quantiles) - 1;
        double value = 0, largest = 0;
        for (int c = 0; c < Quantiles; c++)
        {
            var weights = parameters.AsSpan(c * width, width);
            double objective = sums[c] + (0.5 * l2 * DoubleProducts.Dot(weights, weights));
            value += objective;
            largest = Math.Max(largest, sums[Quantiles + c] <= LeastGap ? 0 : sums[Quantiles + c] / objective);
        }

        return (value, largest);
    }

    /// <summary>Where a fit ended.</summary>
    /// <param name="Parameters">3 x D weights and 3 biases, of the scaled target and standardised embeddings.</param>
    /// <param name="Value">The penalised pinball objective, summed over the quantiles.</param>
    /// <param name="Iterations">Of all sharpness steps.</param>
    /// <param name="Gap">The largest duality gap of a quantile, as part of its objective.</param>
    /// <param name="Converged">It is below the tolerance.</param>
    internal sealed record Fit(double[] Parameters, double Value, int Iterations, double Gap, bool Converged);
}
