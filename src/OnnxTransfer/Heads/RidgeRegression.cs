using System.Diagnostics;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Heads;

/// <summary>
/// Linear regression with an L2 penalty in closed form (Hoerl and Kennard 1970). It minimises
/// sum_i(w_i (y_i - W z_i - b)²) / (2 sum_i w_i) + L2/2 ||W||², bias free, z the standardised embedding where
/// <see cref="Standardise"/> is set; with several targets a row, the sum of that for each of them, at the same L2.
/// scikit-learn's Ridge finds the same coefficients on standardised columns at alpha = L2 x sum_i w_i. Everything is float64
/// until the head is made. All values of a <see cref="Search"/> are solved from one decomposition.
/// </summary>
public sealed record RidgeRegression : IHeadTrainer
{
    /// <summary>The penalty; null: chosen by <see cref="Search"/> on validation rows, then fitted again on all rows.</summary>
    public double? L2 { get; init; }

    /// <summary>
    /// How the L2 is chosen where none is given: on the rows marked Validation, or where there are none on a held-out part, by
    /// the mean squared error; of several targets, by the mean of their errors, each divided by its target's variance.
    /// </summary>
    public L2Search Search { get; init; } = new() { Maximum = 1000, Count = 19 };

    /// <summary>Brings every column to mean 0 and deviation 1 for the fit; folded into the head afterwards.</summary>
    public bool Standardise { get; init; } = true;

    /// <summary>
    /// Fits the natural logarithms of the targets, which must be positive; the head exponentiates, so that it predicts the
    /// targets' own units (its conditional median where errors of the logarithm are symmetric).
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
                (l2, path, var ends) = Choose(set, holdout.Fit, holdout.Validation, progress, cancellation);
                notes.AddRange(ends);
            }
        }

        var problem = new RidgeProblem(this, set, cancellation);
        var (coefficients, objective) = problem.Solve(l2);
        progress?.Invoke(new FitProgress(LinearProblem.FinalStage(l2), 0, objective));
        var head = problem.Head(coefficients);
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
        EmbeddingSet set, EmbeddingSet fit, EmbeddingSet validation, Action<FitProgress>? progress, CancellationToken cancellation)
    {
        var problem = new RidgeProblem(this, fit, cancellation);
        if (Search.Count >= RidgeProblem.CountWorthDecomposing)
        {
            problem.Decompose();
        }

        using var scorer = problem.Scorer(validation);
        return L2Path.Walk(Search, FitCheck.TotalWeight(fit), FitCheck.TotalWeight(set), (i, value) =>
        {
            var (coefficients, objective) = problem.Solve(value);
            progress?.Invoke(new FitProgress(LinearProblem.Stage(i, Search.Count, value), 0, objective));
            return (scorer.Loss(coefficients, cancellation), 0);
        });
    }
}
