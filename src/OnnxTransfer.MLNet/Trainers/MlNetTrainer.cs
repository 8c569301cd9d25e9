using OnnxTransfer.Embeddings;
using OnnxTransfer.Heads;

namespace OnnxTransfer.MLNet;

/// <summary>
/// A trainer of ML.NET as a head, by name. Linear models become <see cref="LinearHead"/>s; trees, one-versus-all classifiers
/// and naive Bayes become <see cref="MlNetHead"/>s with the same probabilities as ML.NET's own. What several binary models
/// say of one class each is calibrated by Platt's method where they give no probability (Platt 1999), and brought to sum 1.
/// </summary>
/// <remarks>
/// <para>A setting left null takes ML.NET's default, but for L1, which is off; a setting the trainer does not know is an error.</para>
/// <para>For values, the target is centred and brought to deviation 1 for the fit (to mean 1 where its logarithm is
/// predicted: <c>lbfgs-poisson</c>, <c>fasttree-tweedie</c>), and back in the head.</para>
/// <para><c>sdca-noncalibrated</c> gives margins, no probabilities; the head gives their softmax, which has the same order.</para>
/// </remarks>
public sealed record MlNetTrainer : IHeadTrainer
{
    /// <summary>Which trainer: one of <see cref="Names"/>. The same name may learn classes and values.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// The penalty: mean loss + L2/2 ||W||². Null: ML.NET's default, which is 1 / N for L-BFGS, a guess from the
    /// number of rows for SDCA, 1e-3 for <c>linear-svm</c>, 1e-12 for <c>ols</c>.
    /// </summary>
    public double? L2 { get; init; }

    /// <summary>Passes over the rows; for L-BFGS at most so many steps (null: 1000), for <c>gam</c> rounds over the columns.</summary>
    public int? Iterations { get; init; }

    /// <summary>Trees per class, or for the value.</summary>
    public int? Trees { get; init; }

    /// <summary>Leaves a tree has at most.</summary>
    public int? Leaves { get; init; }

    /// <summary>How far a step, or a tree, goes.</summary>
    public double? LearningRate { get; init; }

    /// <summary>Decides the order of rows and what trees see of them.</summary>
    public int Seed { get; init; }

    /// <summary>Threads of the tree trainers, 0 for all processors; null: one. The others always work on one, for their sums depend on timing.</summary>
    public int? Threads { get; init; }

    /// <summary>
    /// Brings every column to mean 0 and deviation 1 for the fit; folded into the head afterwards. Null: linear models and
    /// naive Bayes, which asks of every column whether it is above 0, do, trees do not. Trees cannot be asked to.
    /// </summary>
    public bool? Standardise { get; init; }

    /// <summary>For values: fits the natural logarithm of the target, which must be positive; the head exponentiates.</summary>
    public bool LogTarget { get; init; }

    /// <summary>The names there are, of classifiers first.</summary>
    public static IReadOnlyList<string> Names { get; } = Algorithms.Names();

    /// <inheritdoc/>
    public string Kind => $"mlnet:{Name}";

    /// <inheritdoc/>
    public string? WhyNotExported => Algorithms.Named(Name).All(algorithm => algorithm.Exported) ? null : Algorithms.NoOnnxForm;

    /// <inheritdoc/>
    public bool Chooses => false;

    /// <summary>The names of those that learn <paramref name="task"/>; none for several labels a row.</summary>
    public static IReadOnlyList<string> NamesFor(HeadTask task) => Algorithms.Names(task);

    /// <summary>The trainer called <paramref name="name"/>, all settings at their defaults.</summary>
    /// <exception cref="FitException">There is none; the message lists those there are, the likeliest first.</exception>
    public static MlNetTrainer ByName(string name) => new() { Name = Algorithms.Named(name)[0].Name };

    /// <inheritdoc/>
    public bool Takes(HeadTask task) => Algorithms.Named(Name).Any(algorithm => algorithm.Task == task);

    /// <inheritdoc/>
    public HeadFit<IHead> FitAndReport(EmbeddingSet set, Action<FitProgress>? progress = null, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        var algorithms = Algorithms.Named(Name);
        if (set.IsMultiLabel)
        {
            throw new FitException($"{Kind} learns one class a row, and the set holds several labels a row; take a head that learns them, such as LogisticRegression");
        }

        var task = set.IsRegression ? HeadTask.Values : set.Labels.Length > 0 ? HeadTask.Classes : algorithms[0].Task;
        var algorithm = Array.Find(algorithms, candidate => candidate.Task == task) ?? throw new FitException(
            $"{Kind} cannot learn the set's {(task == HeadTask.Values ? "targets" : "labels")}; for them ML.NET has {string.Join(", ", NamesFor(task))}");
        CheckSettings(algorithm);
        return new MlNetFit(this, algorithm, progress, cancellation).Run(set);
    }

    private void CheckSettings(Algorithm algorithm)
    {
        foreach (var (knob, isSet, isGood, expected) in new (Knobs Knob, bool IsSet, bool IsGood, string Expected)[]
        {
            (Knobs.L2, L2 is not null, L2 is null or (>= 0 and <= float.MaxValue), "a finite number of at least 0"),
            (Knobs.Iterations, Iterations is not null, Iterations is null or >= 1, "at least 1"),
            (Knobs.Trees, Trees is not null, Trees is null or >= 1, "at least 1"),
            (Knobs.Leaves, Leaves is not null, Leaves is null or >= 2, "at least 2"),
            (Knobs.LearningRate, LearningRate is not null, LearningRate is null or (> 0 and <= float.MaxValue), "a finite number above 0"),
            (Knobs.Threads, Threads is not null, Threads is null or >= 0, "at least 0"),
            (Knobs.Standardise, Standardise == true, true, ""),
        })
        {
            if (isSet && (algorithm.Knows & knob) == 0)
            {
                throw new FitException($"{Kind} knows no {knob}; it knows {(algorithm.Knows == 0 ? "no setting but Seed" : algorithm.Knows.ToString())}: leave {knob} out");
            }

            if (!isGood)
            {
                throw new FitException($"{Kind}: {knob} is out of range; expected {expected}, or null for ML.NET's default");
            }
        }

        if (LogTarget && (algorithm.Task != HeadTask.Values || algorithm.LogLink))
        {
            throw new FitException(algorithm.LogLink
                ? $"{Kind} predicts the logarithm of the target's mean already; leave LogTarget out"
                : $"{Kind} learns classes here, which have no logarithm; leave LogTarget out");
        }
    }
}
