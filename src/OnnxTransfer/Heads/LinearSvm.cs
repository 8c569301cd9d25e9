using System.Diagnostics;
using System.Globalization;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Heads;

/// <summary>
/// A linear support vector machine with squared hinge loss, one class against the rest, in the primal by L-BFGS. For every
/// class c, with y = 1 on its rows and -1 on others and score s = W_c z + b_c, it minimises
/// sum_i(w_i x max(0, 1 - y_i s_i)²) / sum_i(w_i) + L2/2 ||W_c||², biases free, z the standardised embedding where
/// <see cref="Standardise"/> is set. scikit-learn's LinearSVC(loss="squared_hinge", dual=False) reaches the same optimum on
/// standardised columns at C = 1 / (L2 x sum_i w_i) and a large intercept_scaling, for it penalises the bias.
/// Several labels a row are the same k problems. Probabilities are softmax(s / T), for labels the logistic function of
/// s / T, the temperature T found on rows that the scores were not fitted on and folded into the head.
/// </summary>
public sealed record LinearSvm : IHeadTrainer
{
    // Squared hinge scores estimate 2p - 1; there the logistic function of s / T has the same slope at 0.
    private const double UsualTemperature = 0.5;

    // A path needs the order of the scores only; the final fit is carried to Tolerance.
    private const double PathTolerance = 1e-3;
    private const double PathObjectiveTolerance = 1e-5;

    /// <summary>The penalty; null: chosen by <see cref="Search"/> by the log loss on validation rows, then fitted again on all rows.</summary>
    public double? L2 { get; init; }

    /// <summary>How L2 and temperature are chosen: on the rows marked Validation, or where there are none on a held-out part.</summary>
    public L2Search Search { get; init; } = new() { Maximum = 1000, Count = 19 };

    /// <summary>
    /// What scores are divided by before softmax or logistic function; null: that of least log loss on the validation rows,
    /// 0.5 where there are none. It changes probabilities, not their order.
    /// </summary>
    public double? Temperature { get; init; }

    /// <summary>Brings every column to mean 0 and deviation 1 for the fit; folded into the head afterwards.</summary>
    public bool Standardise { get; init; } = true;

    /// <summary>
    /// The final fit ends when the whitened gradient's norm is below this part of its norm at W = 0, b = 0, or when the objective has
    /// fallen by less than a hundredth of this part of itself in each of three steps.
    /// </summary>
    public double Tolerance { get; init; } = 1e-4;

    /// <summary>Iterations after which a fit ends unconverged.</summary>
    public int MaxIterations { get; init; } = 1000;

    /// <summary>Threads to work on; 0: all processors. The head does not depend on it.</summary>
    public int Threads { get; init; }

    /// <inheritdoc/>
    public string Kind => "svm";

    /// <inheritdoc/>
    public bool Chooses => L2 is null || Temperature is null;

    /// <inheritdoc/>
    public bool Takes(HeadTask task) => task is HeadTask.Classes or HeadTask.Labels;

    /// <inheritdoc/>
    public IHeadTrainer Frozen(FitReport report) => this with
    {
        L2 = report.Chosen!.Value,
        Temperature = double.Parse(report.Settings["temperature"], CultureInfo.InvariantCulture),
    };

    /// <summary>Learns from all rows of <paramref name="set"/>, whatever their split. Fitted twice, the head is the same to the bit.</summary>
    /// <param name="set">N x D embeddings with labels, one a row or several; weights are honoured.</param>
    /// <param name="cancellation">Ends the fit with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="FitException">The set cannot be learned from; the message names the row and the cure.</exception>
    public LinearHead Fit(EmbeddingSet set, CancellationToken cancellation = default) => FitAndReport(set, null, cancellation).Head;

    /// <summary>The same fit, together with what was tried, chosen and noticed.</summary>
    /// <param name="set">N x D embeddings with labels, one a row or several; weights are honoured.</param>
    /// <param name="progress">Is told of every iteration; null: nobody.</param>
    /// <param name="cancellation">Ends the fit with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="FitException">The set cannot be learned from; the message names the row and the cure.</exception>
    public HeadFit<LinearHead> FitAndReport(EmbeddingSet set, Action<FitProgress>? progress = null, CancellationToken cancellation = default)
    {
        var clock = Stopwatch.StartNew();
        CheckSettings();
        set = FitCheck.Rows(set, Chunks.Threads(Threads));
        var members = Memberships.Of(set);
        List<string> notes = [.. ClassesWithoutRows.Note(set, members.Present)];
        var chosen = Choose(set, members.Present.Length, notes, progress, cancellation);

        using var problem = new LinearSvmProblem(this, set, members, cancellation);
        var minimum = problem.Minimise(
            chosen.L2, chosen.Start, LinearProblem.FinalStage(chosen.L2), Tolerance, 1e-2 * Tolerance, progress);
        notes.AddRange(LinearProblem.Ending(minimum, problem.GradientScale(chosen.L2), Tolerance, MaxIterations));
        var (weights, bias) = problem.Folded(minimum.Parameters, chosen.Temperature);
        var activation = set.IsMultiLabel ? Activation.Sigmoid : Activation.Softmax;
        return new HeadFit<LinearHead>(ClassesWithoutRows.Head(weights, bias, members.Present, set.Classes, activation), new FitReport
        {
            Chosen = new Setting("L2", chosen.L2),
            Path = chosen.Path,
            Objective = minimum.Value,
            Iterations = minimum.Iterations,
            Converged = minimum.Converged,
            Seconds = clock.Elapsed.TotalSeconds,
            Rows = set.Count,
            Settings = new Dictionary<string, string> { ["temperature"] = chosen.Temperature.ToString("r", CultureInfo.InvariantCulture) },
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
        if (Temperature is { } given && !(given > 0 && double.IsFinite(given)))
        {
            throw new FitException($"Temperature = {given}; expected a finite number above 0, or null to have it found");
        }
    }

    private Choice Choose(EmbeddingSet set, int classes, List<string> notes, Action<FitProgress>? progress, CancellationToken cancellation)
    {
        if (L2 is { } l2 && Temperature is { } temperature)
        {
            return new Choice(l2, temperature, [], null);
        }

        var holdout = Holdout.Make(set, Search);
        if (L2 is null)
        {
            notes.AddRange(holdout.Notes);
        }

        if (holdout.Validation is null)
        {
            if (Temperature is null)
            {
                notes.Add(string.Create(CultureInfo.InvariantCulture, $"no rows could be held out for the temperature; {UsualTemperature} was taken"));
            }

            return new Choice(L2 ?? Search.Fallback, Temperature ?? UsualTemperature, [], null);
        }

        using var problem = new LinearSvmProblem(this, holdout.Fit, Memberships.Of(holdout.Fit), cancellation);
        var choice = L2 is { } fixedL2
            ? FindTemperature(problem, holdout.Validation, fixedL2, notes, progress)
            : Walk(problem, holdout.Validation, notes, progress);
        return problem.Outputs == classes ? choice : choice with { Start = null };
    }

    private Choice FindTemperature(
        LinearSvmProblem problem, EmbeddingSet validation, double l2, List<string> notes, Action<FitProgress>? progress)
    {
        var minimum = problem.Minimise(l2, null, "temperature", PathTolerance, PathObjectiveTolerance, progress);
        notes.Add($"temperature found on {validation.Count} rows held out of a first fit; the final fit uses all");
        return new Choice(l2, problem.Temperature(validation, minimum.Parameters).Temperature, [], minimum.Parameters);
    }

    // The best L2, the temperature there, and the parameters to start the final fit from.
    private Choice Walk(LinearSvmProblem problem, EmbeddingSet validation, List<string> notes, Action<FitProgress>? progress)
    {
        var best = new Choice(0, UsualTemperature, [], null);
        double bestLoss = double.PositiveInfinity;
        double[]? last = null;
        var (l2, path, ends) = L2Path.Walk(Search, (i, value) =>
        {
            var minimum = problem.Minimise(
                value, last, LinearProblem.Stage(i, Search.Count, value), PathTolerance, PathObjectiveTolerance, progress);
            last = minimum.Parameters;
            var (temperature, loss) = problem.Temperature(validation, last);
            (best, bestLoss) = loss < bestLoss ? (new Choice(value, temperature, [], last), loss) : (best, bestLoss);
            return (loss, minimum.Iterations);
        });
        notes.AddRange(ends);
        return best with { L2 = l2, Temperature = Temperature ?? best.Temperature, Path = path };
    }

    private sealed record Choice(double L2, double Temperature, IReadOnlyList<Trial> Path, double[]? Start);
}
