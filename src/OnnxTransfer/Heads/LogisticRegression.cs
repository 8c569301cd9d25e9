using System.Diagnostics;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Inference;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Heads;

/// <summary>
/// Logistic regression, the linear probe: softmax(W x + b), or where rows may have several labels sigmoid(W x + b), fitted
/// by L-BFGS with an exact gradient. It minimises sum_i(w_i x log loss_i) / sum_i(w_i) + L2/2 ||W||², biases free, weights
/// taken on standardised embeddings where <see cref="Standardise"/> is set; the log loss of a row with several labels is the
/// sum of theirs, so that each label is a fit of its own. scikit-learn's LogisticRegression(multi_class="multinomial"), or
/// one LogisticRegression per label, reaches the same optimum on standardised columns at C = 1 / (L2 x N).
/// </summary>
public sealed record LogisticRegression : IHeadTrainer
{
    // A path needs the order of the scores only; the final fit is carried to Tolerance.
    private const double PathTolerance = 1e-3;
    private const double PathObjectiveTolerance = 1e-5;

    /// <summary>The penalty; null: chosen by <see cref="Search"/> on validation rows, then fitted again on all rows.</summary>
    public double? L2 { get; init; }

    /// <summary>
    /// How the L2 is chosen where none is given: on the rows marked Validation, or where there are none on a held-out part.
    /// </summary>
    public L2Search Search { get; init; } = new();

    /// <summary>Brings every column to mean 0 and deviation 1 for the fit; folded into the head afterwards.</summary>
    public bool Standardise { get; init; } = true;

    /// <summary>
    /// The final fit ends when the gradient's norm is below this part of its norm at W = 0, b = 0, or when the objective has
    /// fallen by less than a hundredth of this part of itself in each of three steps. The default leaves the objective about
    /// 1e-4 of itself above the optimum, which no accuracy shows; 1e-7 less than 1e-6. Below 1e-5, or where float32 leads no
    /// further, the last iterations are made in float64, and end at a ten-thousandth instead of a hundredth.
    /// </summary>
    public double Tolerance { get; init; } = 1e-4;

    /// <summary>Iterations after which a fit ends unconverged.</summary>
    public int MaxIterations { get; init; } = 1000;

    /// <summary>Threads to work on; 0: all processors. The head does not depend on it.</summary>
    public int Threads { get; init; }

    /// <summary>
    /// What computes the loss and its gradient: the processor by the library's own vector code, or a GPU by ONNX Runtime, with
    /// the standardised embeddings resident there in float32 and the iterations in float64 on the processor. The GPU's path is
    /// tested on ONNX Runtime's CPU provider; it has not yet run on a GPU.
    /// </summary>
    public ExecutionProvider Provider { get; init; } = ExecutionProvider.Cpu;

    /// <inheritdoc/>
    public string Kind => "logistic";

    /// <inheritdoc/>
    public bool Takes(HeadTask task) => task is HeadTask.Classes or HeadTask.Labels;

    /// <inheritdoc/>
    public IHeadTrainer Frozen(FitReport report) => this with { L2 = report.Chosen!.Value };

    /// <inheritdoc/>
    public bool Chooses => L2 is null;

    /// <summary>Learns from all rows of <paramref name="set"/>, whatever their split. Fitted twice, the head is the same to the bit.</summary>
    /// <param name="set">N x D embeddings with labels or sets of labels; weights are honoured.</param>
    /// <param name="cancellation">Ends the fit with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="FitException">The set cannot be learned from; the message names the row and the cure.</exception>
    public LinearHead Fit(EmbeddingSet set, CancellationToken cancellation = default) => FitAndReport(set, null, cancellation).Head;

    /// <summary>The same fit, together with what was tried, chosen and noticed.</summary>
    /// <param name="set">N x D embeddings with labels or sets of labels; weights are honoured.</param>
    /// <param name="progress">Is told of every iteration; null: nobody.</param>
    /// <param name="cancellation">Ends the fit with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="FitException">The set cannot be learned from; the message names the row and the cure.</exception>
    /// <exception cref="ProviderException">The <see cref="Provider"/> asked for does not work here.</exception>
    public HeadFit<LinearHead> FitAndReport(EmbeddingSet set, Action<FitProgress>? progress = null, CancellationToken cancellation = default)
    {
        var clock = Stopwatch.StartNew();
        LinearProblem.CheckSettings(L2, Tolerance, MaxIterations, Threads);
        set = FitCheck.Rows(set, Chunks.Threads(Threads));
        int[] fitted = Fitted(set);
        int[] always = OfAllRows(set);
        List<string> notes = [.. ClassesWithoutRows.Note(set, [.. fitted, .. always])];
        notes.AddRange(always.Select(label => $"all rows have the label '{set.Classes[label]}'; it is always predicted"));
        double l2 = L2 ?? Search.Fallback;
        double[]? start = null;
        IReadOnlyList<Trial> path = [];
        if (L2 is null)
        {
            var holdout = Holdout.Make(set, Search);
            notes.AddRange(holdout.Notes);
            if (holdout.Validation is not null)
            {
                (l2, path, start) = Choose(set, holdout.Fit, holdout.Validation, fitted, notes, progress, cancellation);
            }
        }

        using var problem = new LogisticProblem(this, set, fitted, cancellation);
        var minimum = problem.Minimise(
            l2, start, LinearProblem.FinalStage(l2), Tolerance, 1e-2 * Tolerance, progress);
        AddEnding(minimum, problem, notes);
        var head = Head(problem, minimum.Parameters, set, always);
        notes.AddRange(l2 == 0 ? Separated(head, set, fitted) : []);
        return new HeadFit<LinearHead>(head, new FitReport
        {
            Chosen = new Setting("L2", l2),
            Path = path,
            Objective = minimum.Value,
            Iterations = minimum.Iterations,
            Converged = minimum.Converged,
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

    // The classes that have rows, or the labels that some rows have and others do not.
    private static int[] Fitted(EmbeddingSet set) =>
        [.. (set.IsMultiLabel ? FitCheck.LabelSets(set) : FitCheck.Labels(set)).Index().Where(p => p.Item).Select(p => p.Index)];

    // The labels that say nothing because no row lacks them.
    private static int[] OfAllRows(EmbeddingSet set) => set.IsMultiLabel
        ? [.. Enumerable.Range(0, set.Classes.Count).Where(label => set.LabelSets.All(labels => labels.Contains(label)))]
        : [];

    // The best L2 and, where the fit rows vary in the same outputs as all rows, the parameters to start the final fit from.
    private (double L2, IReadOnlyList<Trial> Path, double[]? Start) Choose(
        EmbeddingSet set, EmbeddingSet fit, EmbeddingSet validation, int[] fitted, List<string> notes,
        Action<FitProgress>? progress, CancellationToken cancellation)
    {
        using var problem = new LogisticProblem(this, fit, Fitted(fit), cancellation);
        using var scorer = problem.Engine(validation);
        double[]? last = null, best = null;
        double bestScore = double.PositiveInfinity;
        var (l2, path, ends) = L2Path.Walk(Search, FitCheck.TotalWeight(fit), FitCheck.TotalWeight(set), (i, value) =>
        {
            var minimum = problem.Minimise(value, last, LinearProblem.Stage(i, Search.Count, value), PathTolerance, PathObjectiveTolerance, progress);
            last = minimum.Parameters;
            double loss = scorer.Loss(last, cancellation);
            (best, bestScore) = loss < bestScore ? (last, loss) : (best, bestScore);
            return (loss, minimum.Iterations);
        });
        notes.AddRange(ends);
        return (l2, path, problem.Fitted.SequenceEqual(fitted) ? best : null);
    }

    private void AddEnding(Minimum minimum, LogisticProblem problem, List<string> notes)
    {
        if (problem.ProviderNote is { } note)
        {
            notes.Add(note);
        }

        if (!minimum.Converged)
        {
            string why = minimum.Stalled ? "float64's precision was reached" : $"MaxIterations = {MaxIterations} was reached";
            notes.Add($"{why} at {minimum.GradientNorm / problem.GradientScale:g2} of the first gradient; Tolerance = {Tolerance} was not");
        }
    }

    private static LinearHead Head(LogisticProblem problem, double[] parameters, EmbeddingSet set, int[] always)
    {
        double[] folded = problem.Folded(parameters);
        int weights = problem.Fitted.Length * set.Width;
        var head = ClassesWithoutRows.Head(
            folded.AsSpan(0, weights), folded.AsSpan(weights), problem.Fitted, set.Classes, set.IsMultiLabel ? Activation.Sigmoid : Activation.Softmax);
        foreach (int label in always)
        {
            head.Bias[label] = -ClassesWithoutRows.NeverPredicted;
        }

        return head;
    }

    // Without a penalty, rows that a head tells apart without error have no optimum: larger weights are always better.
    private static IEnumerable<string> Separated(LinearHead head, EmbeddingSet set, int[] fitted)
    {
        var probabilities = new float[head.Outputs];
        var isSeparated = fitted.ToDictionary(label => label, _ => true);
        for (int i = 0; i < set.Count; i++)
        {
            head.Predict(set.Rows[i], probabilities);
            foreach (int label in fitted)
            {
                isSeparated[label] &= set.IsMultiLabel
                    ? probabilities[label] > 0.5f == set.LabelSets[i].Contains(label)
                    : label != set.Labels[i] || probabilities.Max() == probabilities[label];
            }
        }

        string[] named = [.. fitted.Where(label => isSeparated[label]).Select(label => $"'{set.Classes[label]}'")];
        if (set.IsMultiLabel ? named.Length > 0 : named.Length == fitted.Length)
        {
            string what = set.IsMultiLabel ? $"the label{(named.Length == 1 ? "" : "s")} {string.Join(", ", named)} can" : "the classes can";
            yield return $"{what} be told apart without a single error, so that at L2 = 0 the objective has no minimum and its weights " +
                "have no bound: where the fit ended is chance; expected an L2 above 0, for example 1e-6";
        }
    }
}
