using System.Diagnostics;
using System.Globalization;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Heads;

/// <summary>
/// Linear discriminant analysis: every class a normal cloud around its mean, all of one covariance, which is shrunk towards
/// a multiple of the identity so that fewer rows than columns suffice. softmax of W z + b with W_k = S⁻¹ (m_k - m) and
/// b_k = log prior_k - W_k (m_k + m) / 2 for centred rows, the posterior of the classes; m_k the class means, m their mean,
/// S the mean of the class covariances by prior. In closed form and float64. The same probabilities as scikit-learn's
/// LinearDiscriminantAnalysis(solver="lsqr", shrinkage), on standardised columns where <see cref="Standardise"/> is set;
/// constant columns, which scikit-learn counts, are left aside.
/// </summary>
public sealed record LinearDiscriminant : IHeadTrainer
{
    /// <summary>
    /// From 0 (the covariance as it is) to 1 (spheres): S = (1 - s) C + s trace(C) / D I. Null: for every class that of
    /// Ledoit and Wolf (2004) on columns of deviation 1 within the class, the number of its rows being, where they are
    /// weighted, (sum of weights)² / sum of squared weights (Kish 1965).
    /// </summary>
    public double? Shrinkage { get; init; }

    /// <summary>How probable each class is before its embedding is seen, in the order of the classes; null: its part of the rows' weight.</summary>
    public IReadOnlyList<double>? Priors { get; init; }

    /// <summary>Brings every column to mean 0 and deviation 1 for the fit, so that <see cref="Shrinkage"/> treats all alike; folded into the head afterwards.</summary>
    public bool Standardise { get; init; } = true;

    /// <summary>Threads to work on; 0: all processors. The head does not depend on it.</summary>
    public int Threads { get; init; }

    /// <inheritdoc/>
    public string Kind => "lda";

    /// <summary>False: the shrinkage is estimated from the very rows of the fit.</summary>
    public bool Chooses => false;

    /// <inheritdoc/>
    public bool Takes(HeadTask task) => task == HeadTask.Classes;

    /// <summary>Learns from all rows of <paramref name="set"/>, whatever their split. Fitted twice, the head is the same to the bit.</summary>
    /// <param name="set">N x D embeddings with labels; weights are honoured.</param>
    /// <param name="cancellation">Ends the fit with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="FitException">The set cannot be learned from, or its covariance is singular; the message tells the cure.</exception>
    public LinearHead Fit(EmbeddingSet set, CancellationToken cancellation = default) => FitAndReport(set, null, cancellation).Head;

    /// <summary>The same fit, together with what was noticed.</summary>
    /// <param name="set">N x D embeddings with labels; weights are honoured.</param>
    /// <param name="progress">There is nothing to tell: a closed form.</param>
    /// <param name="cancellation">Ends the fit with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="FitException">The set cannot be learned from, or its covariance is singular; the message tells the cure.</exception>
    public HeadFit<LinearHead> FitAndReport(EmbeddingSet set, Action<FitProgress>? progress = null, CancellationToken cancellation = default)
    {
        var clock = Stopwatch.StartNew();
        CheckSettings();
        int threads = Chunks.Threads(Threads);
        set = FitCheck.Rows(set, threads);
        int[] present = [.. FitCheck.Labels(set).Index().Where(p => p.Item).Select(p => p.Index)];
        if (set.Count == present.Length)
        {
            throw new FitException(
                $"each of the {present.Length} classes that have rows has one only, so that nothing tells how the rows of a class differ; " +
                "expected two rows of one class at least, or a head that needs no covariance, such as NearestCentroid");
        }

        var standardisation = Standardisation.Of(set.Rows, set.Weights, Standardise, threads, cancellation);
        var classes = ClassMeans.Of(set, present, standardisation, threads, cancellation);
        double[] priors = PriorsOf(set, present, classes);
        var covariance = new ClassCovariance(set, classes, standardisation, threads, cancellation);
        var (matrix, shrinkage) = covariance.Pooled(priors, Shrinkage);
        var (weights, bias) = Solve(matrix, classes, priors, shrinkage, threads, cancellation);
        standardisation.Fold(weights, bias);
        return new HeadFit<LinearHead>(ClassesWithoutRows.Head(weights, bias, present, set.Classes, Activation.Softmax), new FitReport
        {
            Chosen = new Setting("Shrinkage", shrinkage),
            Seconds = clock.Elapsed.TotalSeconds,
            Rows = set.Count,
            Settings = new Dictionary<string, string>
            {
                ["shrinkage"] = Shrinkage is { } given
                    ? given.ToString("r", CultureInfo.InvariantCulture)
                    : string.Create(CultureInfo.InvariantCulture, $"auto, {shrinkage:g3} in the mean of the classes"),
            },
            Notes = [.. ClassesWithoutRows.Note(set, present)],
        });
    }

    HeadFit<IHead> IHeadTrainer.FitAndReport(EmbeddingSet set, Action<FitProgress>? progress, CancellationToken cancellation)
    {
        var (head, report) = FitAndReport(set, progress, cancellation);
        return new HeadFit<IHead>(head, report);
    }

    private void CheckSettings()
    {
        if (Shrinkage is { } given && !(given is >= 0 and <= 1))
        {
            throw new FitException($"Shrinkage = {given}; expected 0 to 1, or null to have it estimated");
        }

        if (Threads < 0)
        {
            throw new FitException($"Threads = {Threads}; expected at least 0");
        }
    }

    // Those of the classes that have rows, of sum 1.
    private double[] PriorsOf(EmbeddingSet set, int[] present, ClassMeans classes)
    {
        if (Priors is not null && (Priors.Count != set.Classes.Count || Priors.Any(prior => !(prior > 0 && double.IsFinite(prior)))))
        {
            throw new FitException(
                $"{Priors.Count} Priors ({string.Join(", ", Priors.Take(5))}) for {set.Classes.Count} classes; expected a number above 0 for each class, in their order");
        }

        double[] priors = Priors is null ? classes.Weights : Array.ConvertAll(present, c => Priors[c]);
        double total = priors.Sum();
        return Array.ConvertAll(priors, prior => prior / total);
    }

    // p x D weights and p biases for standardised embeddings.
    private static (double[] Weights, double[] Bias) Solve(
        double[] matrix, ClassMeans classes, double[] priors, double shrinkage, int threads, CancellationToken cancellation)
    {
        int width = classes.Means.Length / priors.Length;
        if (Cholesky.Factor(matrix, width, threads, cancellation) is not { } factor)
        {
            throw new FitException(
                $"the covariance within the classes is singular at Shrinkage = {shrinkage:g3}: there are fewer rows than columns, columns depend on " +
                "each other, or no class has two different rows; expected a Shrinkage above 0, for example 0.1, or a head that needs no covariance, such as NearestCentroid");
        }

        var centre = new double[width];
        for (int c = 0; c < priors.Length; c++)
        {
            DoubleProducts.AddScaled(priors[c], classes.Means.AsSpan(c * width, width), centre);
        }

        var weights = new double[priors.Length * width];
        var bias = new double[priors.Length];
        Parallel.For(0, priors.Length, new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation }, c =>
        {
            double[] away = classes.Means[(c * width)..((c + 1) * width)];
            DoubleProducts.AddScaled(-1, centre, away);
            double[] solution = factor.Solve(away);
            solution.CopyTo(weights, c * width);
            bias[c] = Math.Log(priors[c]) - (0.5 * DoubleProducts.Dot(solution, away)) - DoubleProducts.Dot(solution, centre);
        });
        return (weights, bias);
    }
}
