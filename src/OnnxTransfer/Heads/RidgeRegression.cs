using System.Diagnostics;
using System.Globalization;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Heads;

/// <summary>
/// Linear regression with an L2 penalty in closed form (Hoerl and Kennard 1970). It minimises
/// sum_i(w_i (y_i - W z_i - b)²) / (2 sum_i w_i) + L2/2 ||W||², bias free, z the standardised embedding where
/// <see cref="Standardise"/> is set. scikit-learn's Ridge finds the same coefficients on standardised columns at
/// alpha = L2 x sum_i w_i. Everything is float64 until the head is made.
/// </summary>
public sealed record RidgeRegression : IHeadTrainer
{
    /// <summary>The penalty; null: chosen by <see cref="Search"/> on validation rows, then fitted again on all rows.</summary>
    public double? L2 { get; init; }

    /// <summary>
    /// How the L2 is chosen where none is given: on the rows marked Validation, or where there are none on a held-out part.
    /// </summary>
    public L2Search Search { get; init; } = new() { Maximum = 1000, Count = 19 };

    /// <summary>Brings every column to mean 0 and deviation 1 for the fit; folded into the head afterwards.</summary>
    public bool Standardise { get; init; } = true;

    /// <summary>
    /// Fits the natural logarithm of the target, which must be positive; the head exponentiates, so that it predicts the
    /// target's own unit (its conditional median where errors of the logarithm are symmetric).
    /// </summary>
    public bool LogTarget { get; init; }

    /// <summary>Threads to work on; 0: all processors. The head does not depend on it.</summary>
    public int Threads { get; init; }

    /// <inheritdoc/>
    public string Kind => "ridge";

    /// <inheritdoc/>
    public bool Takes(HeadTask task) => task == HeadTask.Values;

    /// <inheritdoc/>
    public IHeadTrainer Frozen(FitReport report) => this with { L2 = report.Chosen!.Value };

    /// <inheritdoc/>
    public bool Chooses => L2 is null;

    /// <summary>Learns from all rows of <paramref name="set"/>, whatever their split. Fitted twice, the head is the same to the bit.</summary>
    /// <param name="set">N x D embeddings with targets; weights are honoured.</param>
    /// <param name="cancellation">Ends the fit with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="FitException">The set cannot be learned from; the message names the row and the cure.</exception>
    public LinearHead Fit(EmbeddingSet set, CancellationToken cancellation = default) => FitAndReport(set, null, cancellation).Head;

    /// <summary>The same fit, together with what was tried, chosen and noticed.</summary>
    /// <param name="set">N x D embeddings with targets; weights are honoured.</param>
    /// <param name="progress">Is told of every L2 value; null: nobody.</param>
    /// <param name="cancellation">Ends the fit with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="FitException">The set cannot be learned from; the message names the row and the cure.</exception>
    public HeadFit<LinearHead> FitAndReport(EmbeddingSet set, Action<FitProgress>? progress = null, CancellationToken cancellation = default)
    {
        var clock = Stopwatch.StartNew();
        CheckSettings();
        set = FitCheck.Rows(set, Chunks.Threads(Threads));
        FitCheck.Targets(set, LogTarget);
        List<string> notes = [];
        double l2 = L2 ?? Search.Fallback;
        IReadOnlyList<Trial> path = [];
        if (L2 is null)
        {
            var holdout = Holdout.Make(set, Search);
            notes.AddRange(holdout.Notes);
            if (holdout.Validation is not null)
            {
                (l2, path, var ends) = Choose(holdout.Fit, holdout.Validation, progress, cancellation);
                notes.AddRange(ends);
            }
        }

        var problem = new Problem(this, set, cancellation);
        var (weights, bias, objective) = problem.Solve(l2);
        progress?.Invoke(new FitProgress(string.Create(CultureInfo.InvariantCulture, $"final fit (L2 {l2:g3})"), 0, objective));
        var head = new LinearHead(
            Array.ConvertAll(weights, value => (float)value), [(float)bias], LogTarget ? Activation.Exponential : Activation.Identity, []);
        return new HeadFit<LinearHead>(head, new FitReport
        {
            Chosen = new Setting("L2", l2),
            Path = path,
            Objective = objective,
            Seconds = clock.Elapsed.TotalSeconds,
            Rows = set.Count,
            Notes = notes,
        });
    }

    HeadFit<IHead> IHeadTrainer.FitAndReport(EmbeddingSet set, Action<FitProgress>? progress, CancellationToken cancellation)
    {
        var (head, report) = FitAndReport(set, progress, cancellation);
        return new HeadFit<IHead>(head, report);
    }

    private void CheckSettings()
    {
        if (L2 is { } l2 && !(l2 >= 0 && double.IsFinite(l2)))
        {
            throw new FitException($"L2 = {l2}; expected a finite number of at least 0, or null to have it chosen");
        }

        if (Threads < 0)
        {
            throw new FitException($"Threads = {Threads}; expected at least 0");
        }
    }

    private (double L2, IReadOnlyList<Trial> Path, IReadOnlyList<string> Notes) Choose(
        EmbeddingSet fit, EmbeddingSet validation, Action<FitProgress>? progress, CancellationToken cancellation)
    {
        var problem = new Problem(this, fit, cancellation);
        return L2Path.Walk(Search, (i, value) =>
        {
            var (weights, bias, objective) = problem.Solve(value);
            progress?.Invoke(new FitProgress(string.Create(CultureInfo.InvariantCulture, $"L2 {i + 1} of {Search.Count} ({value:g3})"), 0, objective));
            return (Score(validation, weights, bias), 0);
        });
    }

    private double Target(EmbeddingSet set, int row) => LogTarget ? Math.Log(set.Targets[row]) : set.Targets[row];

    // The weighted mean squared error, of the logarithm where that is what is fitted.
    private double Score(EmbeddingSet set, double[] weights, double bias)
    {
        var errors = new double[set.Count];
        Parallel.For(0, set.Count, new ParallelOptions { MaxDegreeOfParallelism = Chunks.Threads(Threads) }, i =>
        {
            var row = set.Rows[i];
            double value = bias;
            for (int j = 0; j < weights.Length; j++)
            {
                value += weights[j] * row[j];
            }

            errors[i] = (value - Target(set, i)) * (value - Target(set, i));
        });
        return set.Weights.Length == 0
            ? errors.Average()
            : DoubleProducts.Dot(errors, set.Weights) / set.Weights.Sum();
    }

    // One set of rows, standardised, with centred targets.
    private sealed class Problem
    {
        private readonly Standardisation _standardisation;
        private readonly RidgeSystem _system;
        private readonly double _centre;
        private readonly CancellationToken _cancellation;

        public Problem(RidgeRegression settings, EmbeddingSet set, CancellationToken cancellation)
        {
            _cancellation = cancellation;
            int threads = Chunks.Threads(settings.Threads);
            _standardisation = Standardisation.Of(set.Rows, set.Weights, settings.Standardise, threads, cancellation);
            double[] targets = [.. Enumerable.Range(0, set.Count).Select(i => settings.Target(set, i))];
            _centre = set.Weights.Length == 0 ? targets.Average() : DoubleProducts.Dot(targets, set.Weights) / set.Weights.Sum();
            _system = new RidgeSystem(
                set.Rows, Array.ConvertAll(targets, target => target - _centre), set.Weights, _standardisation, threads, cancellation);
        }

        /// <summary>D weights and the bias for raw embeddings.</summary>
        public (double[] Weights, double Bias, double Objective) Solve(double l2)
        {
            if (_system.Solve(l2, _cancellation) is not var (weights, objective))
            {
                throw new FitException(
                    $"no unique solution at L2 = {l2}: columns of the embeddings depend on each other or there are fewer rows than columns; " +
                    "expected a larger L2, for example 1e-6");
            }

            var bias = new[] { _centre };
            _standardisation.Fold(weights, bias);
            return (weights, bias[0], objective);
        }
    }
}
