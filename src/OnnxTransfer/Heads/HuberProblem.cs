using OnnxTransfer.Embeddings;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Heads;

/// <summary>
/// One set of rows with the Huber loss of their targets. Parameters: D weights, the bias, and s, where σ = e^s + the least
/// scale, so that no constraint is needed.
/// </summary>
internal sealed class HuberProblem : IDisposable
{
    private const double LeastScale = 1e-6; // of the targets' spread: below lies float32's rounding

    private readonly HuberRegression _settings;
    private readonly LinearProblem _problem;
    private readonly RobustScale _robust;
    private readonly double[] _targets;
    private readonly double[] _first; // gradient at W = 0, b = 0, σ = 1

    public HuberProblem(HuberRegression settings, EmbeddingSet set, CancellationToken cancellation)
    {
        _settings = settings;
        _problem = new LinearProblem(set, 1, settings.Standardise, settings.Threads, cancellation);
        double[] targets = OneTarget.Of(set, settings.LogTarget);
        _robust = RobustScale.Of(targets, set.Weights);
        _targets = Array.ConvertAll(targets, Scaled);
        _first = new double[Start.Length];
        Objective(0)(Start, _first);
    }

    private double[] Start => new double[_problem.Size + 1];

    public Minimum Minimise(
        double l2, double[]? start, string stage, double tolerance, double objectiveTolerance, Action<FitProgress>? progress) => _problem.Minimise(
        Objective(l2), l2, _first, start, tolerance, objectiveTolerance, _settings.MaxIterations,
        (iteration, value) => progress?.Invoke(new FitProgress(stage, iteration, value)));

    /// <summary>Norm of the whitened gradient at W = 0, b = 0, σ = 1.</summary>
    public double GradientScale(double l2) => _problem.WhitenedNorm(_first, l2);

    /// <summary>Of other rows, in the scaled target.</summary>
    public double MeanAbsoluteError(EmbeddingSet other, double[] parameters)
    {
        double[] targets = Array.ConvertAll(OneTarget.Of(other, _settings.LogTarget), Scaled);
        return _problem.MeanOn(other, parameters, (row, scores, _) => Math.Abs(scores[0] - targets[row]));
    }

    /// <summary>σ in the (log) target's unit.</summary>
    public double Scale(double[] parameters) => (LeastScale + Math.Exp(parameters[^1])) * _robust.Scale;

    public LinearHead Head(double[] parameters)
    {
        double[] unscaled = Array.ConvertAll(parameters[.._problem.Size], value => value * _robust.Scale);
        unscaled[^1] += _robust.Centre;
        var (weights, bias) = _problem.Folded(unscaled);
        var head = new LinearHead(
            Array.ConvertAll(weights, value => (float)value), [(float)bias[0]], _settings.LogTarget ? Activation.Exponential : Activation.Identity, []);
        FiniteHead.Check(head.Weights, head.Bias);
        return head;
    }

    public void Dispose() => _problem.Dispose();

    private double Scaled(double target) => (target - _robust.Centre) / _robust.Scale;

    private Lbfgs.Objective Objective(double l2) => (parameters, gradient) =>
    {
        double growth = Math.Exp(parameters[^1]), scale = LeastScale + growth, epsilon = _settings.Epsilon;
        Span<double> byScale = stackalloc double[1];
        double value = _problem.Evaluate(parameters, (row, scores, sums) =>
        {
            double error = scores[0] - _targets[row], size = Math.Abs(error);
            if (size < epsilon * scale)
            {
                scores[0] = error / scale;
                sums[0] = 0.5 * (1 - (error / scale * (error / scale)));
                return 0.5 * (scale + (error * error / scale));
            }

            scores[0] = epsilon * Math.Sign(error);
            sums[0] = 0.5 * (1 - (epsilon * epsilon));
            return (0.5 * (scale - (epsilon * epsilon * scale))) + (epsilon * size);
        }, l2, gradient[.._problem.Size], byScale);
        gradient[^1] = byScale[0] * growth;
        return value;
    };
}
