using System.Globalization;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Heads;

/// <summary>
/// One set of rows, standardised, under m linear scores and a loss that L-BFGS minimises, with parameters of its own where
/// the loss has any: what LinearSvm, HuberRegression and QuantileRegression share.
/// </summary>
internal sealed class LinearProblem : IDisposable
{
    private readonly LinearObjective _objective;
    private readonly Standardisation _standardisation;
    private readonly Whitening _whitening;
    private readonly int _outputs;
    private readonly int _threads;

    /// <param name="set">N x D embeddings.</param>
    /// <param name="outputs">m, the number of scores.</param>
    /// <param name="standardise">To deviation 1 and mean 0, or to mean 0 only.</param>
    /// <param name="threads">0: all processors.</param>
    /// <param name="cancellation">Ends the work.</param>
    public LinearProblem(EmbeddingSet set, int outputs, bool standardise, int threads, CancellationToken cancellation)
    {
        (_outputs, _threads, Cancellation) = (outputs, Chunks.Threads(threads), cancellation);
        _standardisation = Standardisation.Of(set.Rows, set.Weights, standardise, _threads, cancellation).InSingle();
        _objective = new LinearObjective(set.Rows, set.Weights, outputs, _standardisation, _threads);
        _whitening = new Whitening(set, _standardisation, _threads, cancellation);
    }

    public CancellationToken Cancellation { get; }

    /// <summary>Number of weights and biases: m x (D + 1).</summary>
    public int Size => _objective.Size;

    /// <summary>The objective of a loss without parameters of its own, at <paramref name="l2"/>.</summary>
    public Lbfgs.Objective Objective(LinearObjective.RowLoss loss, double l2) =>
        (parameters, gradient) => Evaluate(parameters, loss, l2, gradient, []);

    /// <summary>Minimises in whitened coordinates; the minimum's gradient is in these, its parameters are weights and biases.</summary>
    /// <param name="minimiser">When to end, its gradient tolerance in whitened coordinates.</param>
    /// <param name="objective">By weights, biases and whatever parameters follow.</param>
    /// <param name="l2">Its penalty.</param>
    /// <param name="start">Where to begin.</param>
    /// <param name="progress">Is told of iterations and objectives.</param>
    public Minimum Minimise(Lbfgs minimiser, Lbfgs.Objective objective, double l2, double[] start, Action<int, double>? progress)
    {
        _whitening.Prepare(l2, Cancellation);
        int weights = Size - _outputs;
        double[] coordinates = [.. start];
        _whitening.FromWeights(coordinates.AsSpan(0, weights));
        var parameters = new double[start.Length];
        var minimum = minimiser.Minimise((point, gradient) =>
        {
            point.CopyTo(parameters);
            _whitening.ToWeights(parameters.AsSpan(0, weights));
            double value = objective(parameters, gradient);
            _whitening.ToCoordinates(gradient[..weights]);
            return value;
        }, coordinates, progress, Cancellation);
        _whitening.ToWeights(minimum.Parameters.AsSpan(0, weights));
        return minimum;
    }

    /// <summary>The same, until the gradient's norm is below <paramref name="tolerance"/> of <paramref name="first"/>'s.</summary>
    /// <param name="objective">By weights, biases and whatever parameters follow.</param>
    /// <param name="l2">Its penalty.</param>
    /// <param name="first">The gradient where parameters are 0.</param>
    /// <param name="start">Where to begin; null: at 0.</param>
    /// <param name="tolerance">Of the gradient.</param>
    /// <param name="objectiveTolerance">Of the objective.</param>
    /// <param name="maxIterations">After which it ends unconverged.</param>
    /// <param name="progress">Is told of iterations and objectives.</param>
    public Minimum Minimise(
        Lbfgs.Objective objective, double l2, double[] first, double[]? start, double tolerance, double objectiveTolerance, int maxIterations,
        Action<int, double>? progress) => Minimise(
        new Lbfgs { GradientTolerance = tolerance * WhitenedNorm(first, l2), ObjectiveTolerance = objectiveTolerance, MaxIterations = maxIterations },
        objective, l2, start ?? new double[first.Length], progress);

    /// <summary>The norm of a gradient in whitened coordinates.</summary>
    public double WhitenedNorm(double[] gradient, double l2)
    {
        _whitening.Prepare(l2, Cancellation);
        double[] whitened = [.. gradient];
        _whitening.ToCoordinates(whitened.AsSpan(0, Size - _outputs));
        return Math.Sqrt(DoubleProducts.Dot(whitened, whitened));
    }

    /// <summary>The penalised mean loss at <paramref name="parameters"/>, its gradient by weights and biases, and the means of the further sums.</summary>
    public double Evaluate(ReadOnlySpan<double> parameters, LinearObjective.RowLoss loss, double l2, Span<double> gradient, Span<double> sums) =>
        _objective.Evaluate(parameters, loss, l2, gradient, sums, Cancellation);

    /// <summary>The mean loss on other rows, standardised as these.</summary>
    public double MeanOn(EmbeddingSet other, ReadOnlySpan<double> parameters, LinearObjective.RowLoss loss)
    {
        using var objective = new LinearObjective(other.Rows, other.Weights, _outputs, _standardisation, _threads);
        return objective.Mean(parameters, loss, Cancellation);
    }

    /// <summary>m x D weights and m biases for raw embeddings.</summary>
    public (double[] Weights, double[] Bias) Folded(ReadOnlySpan<double> parameters)
    {
        double[] weights = parameters[..(Size - _outputs)].ToArray(), bias = parameters[(Size - _outputs)..Size].ToArray();
        _standardisation.Fold(weights, bias);
        return (weights, bias);
    }

    public void Dispose() => _objective.Dispose();

    /// <summary>The name of a fit on the path.</summary>
    public static string Stage(int position, int count, double l2) =>
        string.Create(CultureInfo.InvariantCulture, $"L2 {position + 1} of {count} ({l2:g3})");

    /// <summary>The name of the last fit.</summary>
    public static string FinalStage(double l2) => string.Create(CultureInfo.InvariantCulture, $"final fit (L2 {l2:g3})");

    /// <summary>Fails on settings that all linear trainers have and that make no sense.</summary>
    /// <exception cref="FitException">Names setting and cure.</exception>
    public static void CheckSettings(double? l2, double tolerance, int maxIterations, int threads)
    {
        if (l2 is { } given && !(given >= 0 && double.IsFinite(given)))
        {
            throw new FitException($"L2 = {given}; expected a finite number of at least 0, or null to have it chosen");
        }

        if (!(tolerance > 0) || maxIterations < 1 || threads < 0)
        {
            throw new FitException(
                $"Tolerance = {tolerance}, MaxIterations = {maxIterations}, Threads = {threads}; " +
                "expected Tolerance above 0, MaxIterations of at least 1, Threads of at least 0");
        }
    }

    /// <summary>Why a fit ended before its tolerance was met, or nothing.</summary>
    public static IEnumerable<string> Ending(Minimum minimum, double scale, double tolerance, int maxIterations)
    {
        if (!minimum.Converged)
        {
            string why = minimum.Stalled ? "float32's precision was reached" : $"MaxIterations = {maxIterations} was reached";
            yield return $"{why} at {minimum.GradientNorm / scale:g2} of the first gradient; Tolerance = {tolerance} was not";
        }
    }
}
