using OnnxTransfer.Embeddings;
using OnnxTransfer.Numerics;
using OnnxTransfer.Training;

namespace OnnxTransfer.Heads;

/// <summary>One set of rows, standardised, with centred targets, for <see cref="RidgeRegression"/>.</summary>
internal sealed class RidgeProblem
{
    /// <summary>From so many values on, taking the matrix apart once is faster than a Cholesky factorisation for each.</summary>
    public const int CountWorthDecomposing = 6;

    private readonly RidgeRegression _settings;
    private readonly EmbeddingSet _set;
    private readonly Standardisation _standardisation;
    private readonly RidgeSystem _system;
    private readonly double[] _centres; // m weighted means of the targets
    private readonly double[] _factors; // m: how much an error of each counts in a score
    private readonly int _threads;

    public RidgeProblem(RidgeRegression settings, EmbeddingSet set, CancellationToken cancellation)
    {
        (_settings, _set, _threads) = (settings, set, Chunks.Threads(settings.Threads));
        _standardisation = Standardisation.Of(set.Rows, set.Weights, settings.Standardise, _threads, cancellation);
        double[] targets = Targets(set);
        int count = set.TargetCount;
        double total = FitCheck.TotalWeight(set);
        double Mean(Func<int, double> value) => Enumerable.Range(0, set.Count).Sum(i => (set.Weights.Length == 0 ? 1 : set.Weights[i]) * value(i)) / total;
        _centres = [.. Enumerable.Range(0, count).Select(output => Mean(i => targets[(i * count) + output]))];
        for (int i = 0; i < targets.Length; i++)
        {
            targets[i] -= _centres[i % count];
        }

        double Variance(int output) => Mean(i => targets[(i * count) + output] * targets[(i * count) + output]);
        _factors = [.. Enumerable.Range(0, count).Select(output => count > 1 && Variance(output) is > 0 and var variance ? 1 / (count * variance) : 1.0 / count)];
        _system = new RidgeSystem(set.Rows, targets, count, set.Weights, _standardisation, _threads, cancellation);
    }

    /// <summary>Makes every further <see cref="Solve"/> cheap.</summary>
    public void Decompose() => _system.Decompose();

    /// <summary>m x D coefficients of standardised embeddings, then m biases; and the objective.</summary>
    /// <exception cref="FitException">There is no unique solution.</exception>
    public (double[] Parameters, double Objective) Solve(double l2)
    {
        if (_system.Solve(l2) is not var (coefficients, objective))
        {
            throw new FitException(
                $"no unique solution at L2 = {l2}: columns of the embeddings depend on each other or there are fewer rows than columns; " +
                "expected a larger L2, for example 1e-6");
        }

        return ([.. coefficients, .. _centres], objective);
    }

    /// <summary>The score of parameters on other rows.</summary>
    public ILossEngine Scorer(EmbeddingSet set) =>
        LossEngines.Double(new LossProblem(set.Rows, new SquaredErrors(Targets(set), _factors), set.Weights, _standardisation, _threads));

    /// <summary>The head for raw embeddings.</summary>
    public LinearHead Head(double[] parameters)
    {
        int weights = _centres.Length * _set.Width;
        _standardisation.Fold(parameters.AsSpan(0, weights), parameters.AsSpan(weights));
        float[] single = Array.ConvertAll(parameters, value => (float)value);
        FiniteHead.Check(single);
        return new LinearHead(
            single[..weights], single[weights..], _settings.LogTarget ? Activation.Exponential : Activation.Identity, [],
            _set.TargetNames.Count > 0 ? _set.TargetNames : null);
    }

    private double[] Targets(EmbeddingSet set) => _settings.LogTarget ? Array.ConvertAll(set.Targets, Math.Log) : [.. set.Targets];
}
