using System.Diagnostics;
using System.Globalization;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Heads;

/// <summary>
/// Multinomial logistic regression, the linear probe: softmax(W x + b) fitted by L-BFGS with an exact gradient. It
/// minimises sum_i(w_i x log loss_i) / sum_i(w_i) + L2/2 ||W||², biases free, weights taken on standardised embeddings where
/// <see cref="Standardise"/> is set. scikit-learn's LogisticRegression(multi_class="multinomial") reaches the same optimum
/// on standardised columns at C = 1 / (L2 x N).
/// </summary>
public sealed record LogisticRegression : IHeadTrainer
{
    // A path needs the order of the scores only; the final fit is carried to Tolerance.
    private const double PathTolerance = 1e-3;
    private const double PathObjectiveTolerance = 1e-5;

    // The bias of a class without rows: exp of it is 0 beside any other logit, in float16 too.
    private const float NeverPredicted = -1e4f;

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
    /// fallen by less than a hundredth of this part of itself in each of three steps.
    /// </summary>
    public double Tolerance { get; init; } = 1e-3;

    /// <summary>Iterations after which a fit ends unconverged.</summary>
    public int MaxIterations { get; init; } = 1000;

    /// <summary>Threads to work on; 0: all processors. The head does not depend on it.</summary>
    public int Threads { get; init; }

    /// <inheritdoc/>
    public string Kind => "logistic";

    /// <inheritdoc/>
    public bool Takes(HeadTask task) => task == HeadTask.Classes;

    /// <inheritdoc/>
    public IHeadTrainer Frozen(FitReport report) => this with { L2 = report.Chosen!.Value };

    /// <inheritdoc/>
    public bool Chooses => L2 is null;

    /// <summary>Learns from all rows of <paramref name="set"/>, whatever their split. Fitted twice, the head is the same to the bit.</summary>
    /// <param name="set">N x D embeddings with labels; weights are honoured.</param>
    /// <param name="cancellation">Ends the fit with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="FitException">The set cannot be learned from; the message names the row and the cure.</exception>
    public LinearHead Fit(EmbeddingSet set, CancellationToken cancellation = default) => FitAndReport(set, null, cancellation).Head;

    /// <summary>The same fit, together with what was tried, chosen and noticed.</summary>
    /// <param name="set">N x D embeddings with labels; weights are honoured.</param>
    /// <param name="progress">Is told of every iteration; null: nobody.</param>
    /// <param name="cancellation">Ends the fit with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="FitException">The set cannot be learned from; the message names the row and the cure.</exception>
    public HeadFit<LinearHead> FitAndReport(EmbeddingSet set, Action<FitProgress>? progress = null, CancellationToken cancellation = default)
    {
        var clock = Stopwatch.StartNew();
        CheckSettings();
        set = FitCheck.Rows(set, Chunks.Threads(Threads));
        int[] present = [.. FitCheck.Labels(set).Index().Where(p => p.Item).Select(p => p.Index)];
        List<string> notes = [.. WithoutRows(set.Classes, present)];
        double l2 = L2 ?? Search.Fallback;
        double[]? start = null;
        IReadOnlyList<Trial> path = [];
        if (L2 is null)
        {
            var holdout = Holdout.Make(set, Search);
            notes.AddRange(holdout.Notes);
            if (holdout.Validation is not null)
            {
                (l2, path, start) = Choose(holdout.Fit, holdout.Validation, present.Length, notes, progress, cancellation);
            }
        }

        var problem = new Problem(this, set, present, cancellation);
        var minimum = problem.Minimise(l2, start, string.Create(CultureInfo.InvariantCulture, $"final fit (L2 {l2:g3})"), Tolerance, 1e-2 * Tolerance, progress);
        AddEnding(minimum, problem.GradientScale, notes);
        return new HeadFit<LinearHead>(Head(problem, minimum.Parameters, set.Classes, present), new FitReport
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

    private void CheckSettings()
    {
        if (L2 is { } l2 && !(l2 >= 0 && double.IsFinite(l2)))
        {
            throw new FitException($"L2 = {l2}; expected a finite number of at least 0, or null to have it chosen");
        }

        if (!(Tolerance > 0) || MaxIterations < 1 || Threads < 0)
        {
            throw new FitException(
                $"Tolerance = {Tolerance}, MaxIterations = {MaxIterations}, Threads = {Threads}; " +
                "expected Tolerance above 0, MaxIterations of at least 1, Threads of at least 0");
        }
    }

    // One note for all classes that cannot be learned, or none.
    private static IEnumerable<string> WithoutRows(IReadOnlyList<string> classes, int[] present)
    {
        const int Named = 5;
        string[] missing = [.. Enumerable.Range(0, classes.Count).Except(present).Select(c => $"'{classes[c]}'")];
        if (missing.Length == 1)
        {
            yield return $"class {missing[0]} has no rows; it is never predicted";
        }
        else if (missing.Length > 1)
        {
            string rest = missing.Length > Named ? $" and {missing.Length - Named} more" : "";
            yield return $"{missing.Length} classes have no rows; they are never predicted: {string.Join(", ", missing.Take(Named))}{rest}";
        }
    }

    // The best L2 and, where the fit rows hold the same classes as all rows, the parameters to start the final fit from.
    private (double L2, IReadOnlyList<Trial> Path, double[]? Start) Choose(
        EmbeddingSet fit, EmbeddingSet validation, int classes, List<string> notes,
        Action<FitProgress>? progress, CancellationToken cancellation)
    {
        int[] present = [.. FitCheck.Labels(fit).Index().Where(p => p.Item).Select(p => p.Index)];
        var problem = new Problem(this, fit, present, cancellation);
        var score = problem.Scorer(validation);
        double[]? last = null, best = null;
        double bestScore = double.PositiveInfinity;
        var (l2, path, ends) = L2Path.Walk(Search, (i, value) =>
        {
            var minimum = problem.Minimise(value, last, string.Create(CultureInfo.InvariantCulture, $"L2 {i + 1} of {Search.Count} ({value:g3})"), PathTolerance, PathObjectiveTolerance, progress);
            last = minimum.Parameters;
            double loss = score.Loss(last, cancellation);
            (best, bestScore) = loss < bestScore ? (last, loss) : (best, bestScore);
            return (loss, minimum.Iterations);
        });
        notes.AddRange(ends);
        return (l2, path, present.Length == classes ? best : null);
    }

    private void AddEnding(Minimum minimum, double scale, List<string> notes)
    {
        if (!minimum.Converged)
        {
            string why = minimum.Stalled ? "float32's precision was reached" : $"MaxIterations = {MaxIterations} was reached";
            notes.Add($"{why} at {minimum.GradientNorm / scale:g2} of the first gradient; Tolerance = {Tolerance} was not");
        }
    }

    private static LinearHead Head(Problem problem, double[] parameters, IReadOnlyList<string> classes, int[] present)
    {
        int width = problem.Width;
        double[] folded = problem.Folded(parameters);
        var weights = new float[classes.Count * width];
        var bias = new float[classes.Count];
        Array.Fill(bias, NeverPredicted);
        for (int c = 0; c < present.Length; c++)
        {
            for (int j = 0; j < width; j++)
            {
                weights[(present[c] * width) + j] = (float)folded[(c * width) + j];
            }

            bias[present[c]] = (float)folded[(present.Length * width) + c];
        }

        return new LinearHead(weights, bias, Activation.Softmax, classes);
    }

    // One set of rows, standardised, with its objective.
    private sealed class Problem
    {
        private readonly LogisticRegression _settings;
        private readonly Standardisation _standardisation;
        private readonly SoftmaxObjective _objective;
        private readonly int[] _present;
        private readonly CancellationToken _cancellation;

        public Problem(LogisticRegression settings, EmbeddingSet set, int[] present, CancellationToken cancellation)
        {
            (_settings, _present, _cancellation) = (settings, present, cancellation);
            Width = set.Width;
            int threads = Chunks.Threads(settings.Threads);
            _standardisation = Standardisation.Of(set.Rows, set.Weights, settings.Standardise, threads, cancellation).InSingle();
            _objective = Scorer(set);
            var gradient = new double[_objective.Size];
            _objective.Evaluate(new double[_objective.Size], gradient, cancellation);
            GradientScale = Math.Sqrt(DoubleProducts.Dot(gradient, gradient));
        }

        public int Width { get; }

        public double GradientScale { get; }

        public SoftmaxObjective Scorer(EmbeddingSet set) => new(
            set.Rows, Array.ConvertAll(set.Labels, label => Array.BinarySearch(_present, label)), set.Weights, _present.Length,
            _standardisation, Chunks.Threads(_settings.Threads));

        public Minimum Minimise(
            double l2, double[]? start, string stage, double tolerance, double objectiveTolerance, Action<FitProgress>? progress)
        {
            _objective.L2 = l2;
            var minimiser = new Lbfgs
            {
                GradientTolerance = tolerance * GradientScale,
                ObjectiveTolerance = objectiveTolerance,
                MaxIterations = _settings.MaxIterations,
            };
            return minimiser.Minimise(
                (parameters, gradient) => _objective.Evaluate(parameters, gradient, _cancellation),
                start ?? new double[_objective.Size],
                (iteration, value) => progress?.Invoke(new FitProgress(stage, iteration, value)),
                _cancellation);
        }

        public double[] Folded(double[] parameters)
        {
            double[] folded = [.. parameters];
            int weights = _present.Length * Width;
            _standardisation.Fold(folded.AsSpan(0, weights), folded.AsSpan(weights));
            return folded;
        }
    }
}
