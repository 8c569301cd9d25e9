using OnnxTransfer.Embeddings;
using OnnxTransfer.Numerics;
using OnnxTransfer.Training;

namespace OnnxTransfer.Heads;

/// <summary>One set of rows, standardised, with its objective for <see cref="LogisticRegression"/>.</summary>
internal sealed class LogisticProblem : IDisposable
{
    // What float32 products can tell of a gradient, as a part of the first one; further steps are taken in float64.
    private const double SinglePrecision = 1e-5;

    private readonly LogisticRegression _settings;
    private readonly EmbeddingSet _set;
    private readonly Standardisation _standardisation;
    private readonly ILossEngine _engine;
    private readonly CancellationToken _cancellation;

    /// <param name="settings">The trainer.</param>
    /// <param name="set">Its rows.</param>
    /// <param name="fitted">The classes or labels that have outputs, ascending.</param>
    /// <param name="cancellation">Ends a fit.</param>
    public LogisticProblem(LogisticRegression settings, EmbeddingSet set, int[] fitted, CancellationToken cancellation)
    {
        (_settings, _set, _cancellation) = (settings, set, cancellation);
        Fitted = fitted;
        _standardisation = Standardisation.Of(set.Rows, set.Weights, settings.Standardise, Chunks.Threads(settings.Threads), cancellation).InSingle();
        _engine = Engine(set);
        var gradient = new double[_engine.Size];
        _engine.Evaluate(new double[_engine.Size], gradient, cancellation);
        GradientScale = Math.Sqrt(DoubleProducts.Dot(gradient, gradient));
    }

    public int[] Fitted { get; }

    /// <summary>The gradient's norm at W = 0, b = 0.</summary>
    public double GradientScale { get; }

    /// <summary>Why the processor computes where another provider was asked for; null otherwise.</summary>
    public string? ProviderNote => _engine.ProviderNote;

    /// <summary>The loss over other rows, standardised like these.</summary>
    public ILossEngine Engine(EmbeddingSet set) => LossEngines.Single(Losses(set), _settings.Provider);

    /// <summary>
    /// Minimises in float32, and where that stalls or a tolerance below its precision is asked for, on in float64.
    /// </summary>
    public Minimum Minimise(
        double l2, double[]? start, string stage, double tolerance, double objectiveTolerance, Action<FitProgress>? progress)
    {
        double single = Math.Max(tolerance, SinglePrecision);
        var minimum = Run(_engine, l2, start ?? new double[_engine.Size], stage, single, Math.Max(objectiveTolerance, 1e-2 * SinglePrecision), 0, progress);
        bool isDone = minimum.Converged ? single <= tolerance : !minimum.Stalled;
        if (isDone || minimum.Iterations >= _settings.MaxIterations)
        {
            return minimum;
        }

        using var engine = LossEngines.Double(Losses(_set));
        return Run(engine, l2, minimum.Parameters, stage, tolerance, 1e-2 * objectiveTolerance, minimum.Iterations, progress);
    }

    /// <summary>k x D weights and k biases for raw embeddings.</summary>
    public double[] Folded(double[] parameters)
    {
        double[] folded = [.. parameters];
        int weights = Fitted.Length * _set.Width;
        _standardisation.Fold(folded.AsSpan(0, weights), folded.AsSpan(weights));
        return folded;
    }

    public void Dispose() => _engine.Dispose();

    private Minimum Run(
        ILossEngine engine, double l2, double[] start, string stage, double tolerance, double objectiveTolerance, int done, Action<FitProgress>? progress)
    {
        engine.L2 = l2;
        var minimiser = new Lbfgs
        {
            GradientTolerance = tolerance * GradientScale,
            ObjectiveTolerance = objectiveTolerance,
            MaxIterations = _settings.MaxIterations - done,
        };
        var minimum = minimiser.Minimise(
            (parameters, gradient) => engine.Evaluate(parameters, gradient, _cancellation),
            start,
            (iteration, value) =>
            {
                if (iteration > 0 || done == 0)
                {
                    progress?.Invoke(new FitProgress(stage, done + iteration, value));
                }
            },
            _cancellation);
        return minimum with { Iterations = done + minimum.Iterations };
    }

    private LossProblem Losses(EmbeddingSet set)
    {
        int Position(int label) => Array.BinarySearch(Fitted, label);
        IRowLoss loss = set.IsMultiLabel
            ? new SigmoidLoss(Array.ConvertAll(set.LabelSets, labels => labels.Select(Position).Where(at => at >= 0).ToArray()), Fitted.Length)
            : new SoftmaxLoss(Array.ConvertAll(set.Labels, Position), Fitted.Length);
        return new LossProblem(set.Rows, loss, set.Weights, _standardisation, Chunks.Threads(_settings.Threads));
    }
}
