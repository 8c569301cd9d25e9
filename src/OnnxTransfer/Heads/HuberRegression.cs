using System.Diagnostics;
using System.Globalization;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Heads;

/// <summary>
/// Linear regression that a few wrong targets do not bend: the Huber loss with its scale estimated along (Huber 1981,
/// Owen 2007), by L-BFGS. With r = (y' - W z - b) / σ it minimises over W, b and σ
/// sum_i(w_i (σ + σ H(r_i))) / (2 sum_i w_i) + L2/2 ||W||², H(r) = r² up to <see cref="Epsilon"/> and
/// 2 ε |r| - ε² beyond; b free, z the standardised embedding where <see cref="Standardise"/> is set, y' the target less its
/// median, divided by 1.4826 x the median distance from it. scikit-learn's HuberRegressor(epsilon) finds the same
/// coefficients on such columns and targets at alpha = L2 x sum_i w_i.
/// </summary>
public sealed record HuberRegression : IHeadTrainer
{
    private const double PathTolerance = 1e-3;
    private const double PathObjectiveTolerance = 1e-5;

    /// <summary>The penalty; null: chosen by <see cref="Search"/> by the mean absolute error on validation rows, then fitted again on all rows.</summary>
    public double? L2 { get; init; }

    /// <summary>
    /// How the L2 is chosen where none is given: on the rows marked Validation, or where there are none on a held-out part.
    /// </summary>
    public L2Search Search { get; init; } = new() { Maximum = 1000, Count = 19 };

    /// <summary>
    /// The error, in estimated scales, from which on a row counts by its distance and no longer by its square; 1.35 keeps
    /// 95 % of least squares' efficiency on normal errors.
    /// </summary>
    public double Epsilon { get; init; } = 1.35;

    /// <summary>Brings every column to mean 0 and deviation 1 for the fit; folded into the head afterwards.</summary>
    public bool Standardise { get; init; } = true;

    /// <summary>
    /// Fits the natural logarithm of the target, which must be positive; the head exponentiates, so that it predicts the
    /// target's own unit.
    /// </summary>
    public bool LogTarget { get; init; }

    /// <summary>
    /// The final fit ends when the whitened gradient's norm is below this part of its norm at W = 0, b = 0, σ = 1, or when the
    /// objective has fallen by less than a hundredth of this part of itself in each of three steps.
    /// </summary>
    public double Tolerance { get; init; } = 1e-5;

    /// <summary>Iterations after which a fit ends unconverged.</summary>
    public int MaxIterations { get; init; } = 1000;

    /// <summary>Threads to work on; 0: all processors. The head does not depend on it.</summary>
    public int Threads { get; init; }

    /// <inheritdoc/>
    public string Kind => "huber";

    /// <inheritdoc/>
    public bool Chooses => L2 is null;

    /// <inheritdoc/>
    public bool Takes(HeadTask task) => task == HeadTask.Values;

    /// <inheritdoc/>
    public IHeadTrainer Frozen(FitReport report) => this with { L2 = report.Chosen!.Value };

    /// <summary>Learns from all rows of <paramref name="set"/>, whatever their split. Fitted twice, the head is the same to the bit.</summary>
    /// <param name="set">N x D embeddings with one target per row; weights are honoured.</param>
    /// <param name="cancellation">Ends the fit with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="FitException">The set cannot be learned from; the message names the row and the cure.</exception>
    public LinearHead Fit(EmbeddingSet set, CancellationToken cancellation = default) => FitAndReport(set, null, cancellation).Head;

    /// <summary>The same fit, together with what was tried, chosen and noticed.</summary>
    /// <param name="set">N x D embeddings with one target per row; weights are honoured.</param>
    /// <param name="progress">Is told of every iteration; null: nobody.</param>
    /// <param name="cancellation">Ends the fit with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="FitException">The set cannot be learned from; the message names the row and the cure.</exception>
    public HeadFit<LinearHead> FitAndReport(EmbeddingSet set, Action<FitProgress>? progress = null, CancellationToken cancellation = default)
    {
        var clock = Stopwatch.StartNew();
        CheckSettings();
        set = FitCheck.Rows(set, Chunks.Threads(Threads));
        OneTarget.Check(set, LogTarget, "HuberRegression");
        List<string> notes = [];
        double l2 = L2 ?? Search.Fallback;
        double[]? start = null;
        IReadOnlyList<Trial> path = [];
        if (L2 is null)
        {
            var holdout = Holdout.Make(set, Search);
            notes.AddRange(holdout.Notes);
            if (holdout.Validation is not null)
            {
                (l2, path, start) = Choose(holdout.Fit, holdout.Validation, notes, progress, cancellation);
            }
        }

        using var problem = new HuberProblem(this, set, cancellation);
        var minimum = problem.Minimise(l2, start, LinearProblem.FinalStage(l2), Tolerance, 1e-2 * Tolerance, progress);
        notes.AddRange(LinearProblem.Ending(minimum, problem.GradientScale(l2), Tolerance, MaxIterations));
        return new HeadFit<LinearHead>(problem.Head(minimum.Parameters), new FitReport
        {
            Chosen = new Setting("L2", l2),
            Path = path,
            Objective = minimum.Value,
            Iterations = minimum.Iterations,
            Converged = minimum.Converged,
            Seconds = clock.Elapsed.TotalSeconds,
            Rows = set.Count,
            Settings = new Dictionary<string, string>
            {
                ["epsilon"] = Epsilon.ToString("r", CultureInfo.InvariantCulture),
                ["scale"] = problem.Scale(minimum.Parameters).ToString("g6", CultureInfo.InvariantCulture),
            },
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
        LinearProblem.CheckSettings(L2, Tolerance, MaxIterations, Threads);
        if (!(Epsilon > 1 && double.IsFinite(Epsilon)))
        {
            throw new FitException($"Epsilon = {Epsilon}; expected a finite number above 1, such as 1.35");
        }
    }

    // The best L2, and the parameters there to start the final fit from.
    private (double L2, IReadOnlyList<Trial> Path, double[]? Start) Choose(
        EmbeddingSet fit, EmbeddingSet validation, List<string> notes, Action<FitProgress>? progress, CancellationToken cancellation)
    {
        using var problem = new HuberProblem(this, fit, cancellation);
        double[]? last = null, best = null;
        double bestError = double.PositiveInfinity;
        var (l2, path, ends) = L2Path.Walk(Search, (i, value) =>
        {
            var minimum = problem.Minimise(
                value, last, LinearProblem.Stage(i, Search.Count, value), PathTolerance, PathObjectiveTolerance, progress);
            last = minimum.Parameters;
            double error = problem.MeanAbsoluteError(validation, last);
            (best, bestError) = error < bestError ? (last, error) : (best, bestError);
            return (error, minimum.Iterations);
        });
        notes.AddRange(ends);
        return (l2, path, best);
    }
}
