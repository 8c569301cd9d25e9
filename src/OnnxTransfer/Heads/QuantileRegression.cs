using System.Diagnostics;
using System.Globalization;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Heads;

/// <summary>
/// An interval, not only a number: three linear quantiles of the target given the embedding (Koenker and Bassett 1978),
/// the median and those that leave (1 - <see cref="Coverage"/>) / 2 of the rows below and above. For each τ it minimises
/// sum_i(w_i ρ(y'_i - W z_i - b)) / sum_i(w_i) + L2/2 ||W||², ρ(r) = τ r above 0 and (τ - 1) r below; b free, z the
/// standardised embedding where <see cref="Standardise"/> is set, y' the target less its median, divided by 1.4826 x the
/// median distance from it. At L2 = 0 scikit-learn's QuantileRegressor(alpha=0) has the same optimum.
/// The kink of ρ is rounded off (its Moreau envelope) and made sharper until the duality gap tells that the objective of
/// every quantile is within <see cref="Tolerance"/> of the least; each step by L-BFGS.
/// </summary>
public sealed record QuantileRegression : IHeadTrainer
{
    // A path needs the order of the scores only; the final fit is carried to Tolerance.
    private const double PathTolerance = 1e-2;

    /// <summary>The part of the targets that shall lie between low and high, above 0 and below 1.</summary>
    public double Coverage { get; init; } = 0.9;

    /// <summary>The penalty; null: chosen by <see cref="Search"/> by the pinball loss on validation rows, then fitted again on all rows.</summary>
    public double? L2 { get; init; }

    /// <summary>
    /// How the L2 is chosen where none is given: on the rows marked Validation, or where there are none on a held-out part.
    /// </summary>
    public L2Search Search { get; init; } = new() { Maximum = 1000, Count = 19 };

    /// <summary>Brings every column to mean 0 and deviation 1 for the fit; folded into the head afterwards.</summary>
    public bool Standardise { get; init; } = true;

    /// <summary>
    /// Fits the natural logarithm of the target, which must be positive; the head exponentiates: a quantile of the
    /// logarithm is the logarithm of the quantile.
    /// </summary>
    public bool LogTarget { get; init; }

    /// <summary>The final fit ends when the duality gap of each quantile is below this part of its objective.</summary>
    public double Tolerance { get; init; } = 1e-4;

    /// <summary>Iterations after which a fit ends unconverged.</summary>
    public int MaxIterations { get; init; } = 3000;

    /// <summary>Threads to work on; 0: all processors. The head does not depend on it.</summary>
    public int Threads { get; init; }

    /// <inheritdoc/>
    public string Kind => "quantile";

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
    public QuantileHead Fit(EmbeddingSet set, CancellationToken cancellation = default) => FitAndReport(set, null, cancellation).Head;

    /// <summary>The same fit, together with what was tried, chosen and noticed.</summary>
    /// <param name="set">N x D embeddings with one target per row; weights are honoured.</param>
    /// <param name="progress">Is told of every iteration; null: nobody.</param>
    /// <param name="cancellation">Ends the fit with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="FitException">The set cannot be learned from; the message names the row and the cure.</exception>
    public HeadFit<QuantileHead> FitAndReport(EmbeddingSet set, Action<FitProgress>? progress = null, CancellationToken cancellation = default)
    {
        var clock = Stopwatch.StartNew();
        CheckSettings();
        set = FitCheck.Rows(set, Chunks.Threads(Threads));
        OneTarget.Check(set, LogTarget, "QuantileRegression");
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

        using var problem = new QuantileProblem(this, set, cancellation);
        var minimum = problem.Minimise(l2, start, LinearProblem.FinalStage(l2), Tolerance, progress);
        if (!minimum.Converged)
        {
            notes.Add(string.Create(CultureInfo.InvariantCulture,
                $"the fit ended {minimum.Gap:g2} of its objective above the least, after {minimum.Iterations} iterations; Tolerance = {Tolerance} was not reached (MaxIterations, or float32's precision)"));
        }

        return new HeadFit<QuantileHead>(problem.Head(minimum.Parameters), new FitReport
        {
            Chosen = new Setting("L2", l2),
            Path = path,
            Objective = minimum.Value,
            Iterations = minimum.Iterations,
            Converged = minimum.Converged,
            Seconds = clock.Elapsed.TotalSeconds,
            Rows = set.Count,
            Settings = new Dictionary<string, string> { ["coverage"] = Coverage.ToString("r", CultureInfo.InvariantCulture) },
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
        if (!(Coverage is > 0 and < 1))
        {
            throw new FitException($"Coverage = {Coverage}; expected a part above 0 and below 1, such as 0.9");
        }
    }

    // The best L2, and the parameters there to start the final fit from.
    private (double L2, IReadOnlyList<Trial> Path, double[]? Start) Choose(
        EmbeddingSet fit, EmbeddingSet validation, List<string> notes, Action<FitProgress>? progress, CancellationToken cancellation)
    {
        using var problem = new QuantileProblem(this, fit, cancellation);
        double[]? last = null, best = null;
        double bestLoss = double.PositiveInfinity;
        var (l2, path, ends) = L2Path.Walk(Search, (i, value) =>
        {
            var minimum = problem.Minimise(value, last, LinearProblem.Stage(i, Search.Count, value), Math.Max(PathTolerance, Tolerance), progress);
            last = minimum.Parameters;
            double loss = problem.PinballLoss(validation, last);
            (best, bestLoss) = loss < bestLoss ? (last, loss) : (best, bestLoss);
            return (loss, minimum.Iterations);
        });
        notes.AddRange(ends);
        return (l2, path, best);
    }
}
