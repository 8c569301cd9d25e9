using System.Globalization;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Heads;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Evaluation;

/// <summary>
/// How far the embeddings of two domains are apart, whatever their labels. A shift is the first reason for a head to fail on
/// a domain it was not fitted on. All is measured on seeded samples of equal size from both.
/// </summary>
public sealed record DomainShift
{
    /// <summary>Rows of each domain that the classifier and the means are measured on, at most.</summary>
    public const int ClassifierRows = 2000;

    /// <summary>Rows of each domain that the mean embeddings are compared on, at most.</summary>
    public const int DiscrepancyRows = 500;

    // Of standardised columns: enough for more columns than rows, and solved in a few steps.
    private const double ClassifierL2 = 0.1;
    private const int Folds = 5;

    /// <summary>Rows taken of each domain.</summary>
    public required int Rows { get; init; }

    /// <summary>
    /// Part of the rows whose domain a logistic regression tells that was fitted on the other folds: the classifier two-sample test
    /// (Lopez-Paz and Oquab 2017). 0.5 is guessing.
    /// </summary>
    public required double Accuracy { get; init; }

    /// <summary>Its 95 % interval; groups are resampled whole.</summary>
    public required Interval AccuracyInterval { get; init; }

    /// <summary>
    /// How probable such an accuracy, or a higher one, is by guessing: binomial over the rows, or over the groups where there
    /// are any. Rows of one fold share a fit, which this does not know: near 0.025 look at <see cref="DiscrepancyPValue"/> too.
    /// </summary>
    public required double AccuracyPValue { get; init; }

    /// <summary>
    /// Squared distance of the mean embeddings in the space of a Gaussian kernel of median width, unbiased, on embeddings as
    /// they are (MMD², Gretton et al. 2012): 0 in expectation without a shift; may be below 0.
    /// </summary>
    public required double MeanDiscrepancy { get; init; }

    /// <summary>Part of 499 permutations of rows, or groups, over the domains that part them as far, and the given one.</summary>
    public required double DiscrepancyPValue { get; init; }

    /// <summary>
    /// Distance of the domains' mean embeddings in units of a row's pooled deviation from its own mean. About sqrt(2 / rows)
    /// without a shift; infinite where the means differ and the rows of a domain do not.
    /// </summary>
    public required double MeanDistance { get; init; }

    /// <summary>Measures.</summary>
    /// <param name="source">Embeddings of one domain, at least 10 rows or groups; labels are not used.</param>
    /// <param name="target">Embeddings of the other, by the same backbone, taps and number columns. A group of the same name is the same group.</param>
    /// <param name="seed">Of samples, folds, resamples and permutations.</param>
    /// <param name="cancellation">Ends the work with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="FitException">The widths differ, there are too few rows, or an embedding is not finite.</exception>
    public static DomainShift Measure(EmbeddingSet source, EmbeddingSet target, long seed = 0, CancellationToken cancellation = default)
    {
        if (source.Width != target.Width)
        {
            throw new FitException(
                $"the source's embeddings are {source.Width} wide, the target's {target.Width}; expected both from the same backbone, tap and number columns");
        }

        Check(source, "source");
        Check(target, "target");
        int rows = Math.Min(ClassifierRows, Math.Min(source.Count, target.Count));
        var random = new SeededRandom(seed);
        var pooled = Pooled(source, target, rows, random);
        var trainer = new LogisticRegression { L2 = ClassifierL2, Tolerance = 1e-2, MaxIterations = 200 };
        var told = new Matrix(pooled.Count, 2);
        foreach (var fold in Evaluation.Folds.Make(pooled, Folds, seed))
        {
            var probabilities = trainer.Fit(pooled.Subset(fold.Train), cancellation).Predict(pooled.Subset(fold.Test).Rows);
            foreach (var (place, row) in fold.Test.Index())
            {
                probabilities[place].CopyTo(told.Row(row));
            }
        }

        var scores = ClassificationScores.Of(told, pooled.Labels, pooled.Classes, pooled.Groups, seed);
        int units = FoldAssignment.GroupCount(pooled.Count, pooled.Groups);
        int few = Math.Min(rows, DiscrepancyRows);
        var sample = Pooled(source, target, few, random);
        var discrepancy = Evaluation.MeanDiscrepancy.Of(
            sample.Subset([.. Enumerable.Range(0, few)]).Rows, sample.Subset([.. Enumerable.Range(few, few)]).Rows, sample.Groups, seed, cancellation);
        return new DomainShift
        {
            Rows = rows,
            Accuracy = scores.Accuracy,
            AccuracyInterval = scores.AccuracyInterval,
            AccuracyPValue = Binomial((int)Math.Round(scores.Accuracy * units), units),
            MeanDiscrepancy = discrepancy.Squared,
            DiscrepancyPValue = discrepancy.PValue,
            MeanDistance = DistanceOfMeans(pooled.Rows, rows),
        };
    }

    /// <summary>What was found and what it means, in words.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"the domains can be told apart with accuracy {Accuracy:f2} (95 %: {AccuracyInterval}, chance 0.5, {Probability(AccuracyPValue)}): {Meaning}\n" +
        $"mean embeddings: MMD² {MeanDiscrepancy:g3} ({Probability(DiscrepancyPValue)}), means {MeanDistance:f2} pooled deviations apart\n" +
        $"measured on {Rows} rows of each domain");

    /// <summary>The probability of at least <paramref name="hits"/> heads in <paramref name="tosses"/> tosses of a fair coin.</summary>
    internal static double Binomial(int hits, int tosses)
    {
        double logTerm = -tosses * Math.Log(2);
        for (int i = 0; i < hits; i++)
        {
            logTerm += Math.Log((double)(tosses - i) / (i + 1));
        }

        double sum = 0;
        for (int i = hits; i <= tosses; i++)
        {
            sum += Math.Exp(logTerm);
            logTerm += i < tosses ? Math.Log((double)(tosses - i) / (i + 1)) : 0;
        }

        return Math.Min(1, sum);
    }

    private const double Significance = 0.025; // of either test: 0.05 of both

    private string Meaning => this switch
    {
        { AccuracyPValue: >= Significance, DiscrepancyPValue: >= Significance } =>
            "no shift was found; expect a head fitted on the source to do on the target as on fresh source rows, as long as classes mean the same",
        { Accuracy: < 0.65 } =>
            "a slight shift; expect a head fitted on the source to lose little on the target, and measure it there",
        { Accuracy: < 0.85 } =>
            "a clear shift; expect a head fitted on the source to be worse on the target: mix target rows into the fit",
        _ => "a strong shift, nearly every row shows its domain; do not trust scores from the source: fit on target rows, mixed with the source's if they are few",
    };

    private static string Probability(double value) => value < 0.001 ? "p < 0.001" : string.Create(CultureInfo.InvariantCulture, $"p = {value:f3}");

    private static void Check(EmbeddingSet set, string domain)
    {
        const int Fewest = 2 * Folds;
        int units = FoldAssignment.GroupCount(set.Count, set.Groups);
        if (units < Fewest)
        {
            throw new FitException($"the {domain} has {units} {(set.Groups.Length > 0 ? "groups" : "rows")}; expected at least {Fewest} to measure a shift on");
        }

        try
        {
            FitCheck.Rows(set with { Weights = [] }, Chunks.Threads(0));
        }
        catch (FitException error)
        {
            throw new FitException($"the {domain}: {error.Message}");
        }
    }

    // As many rows of the source as of the target below them, labelled by their domain.
    private static EmbeddingSet Pooled(EmbeddingSet source, EmbeddingSet target, int rows, SeededRandom random)
    {
        source = Sample(source, rows, random);
        target = Sample(target, rows, random);
        return new EmbeddingSet
        {
            Rows = new StackedRows(source.Rows, target.Rows),
            Labels = [.. new int[rows], .. Enumerable.Repeat(1, rows)],
            Classes = ["source", "target"],
            Groups = source.Groups.Length + target.Groups.Length == 0 ? [] : [.. Groups(source, 's'), .. Groups(target, 't')],
        };
    }

    private static EmbeddingSet Sample(EmbeddingSet set, int rows, SeededRandom random) =>
        set.Subset(set.Count == rows ? [.. Enumerable.Range(0, rows)] : [.. random.Permutation(set.Count).Take(rows).Order()]);

    private static IEnumerable<string> Groups(EmbeddingSet set, char domain) =>
        set.Groups.Length > 0 ? set.Groups : Enumerable.Range(0, set.Count).Select(i => $"\u0000{domain}{i}");

    // |mean of the upper rows - mean of the lower| / sqrt(trace of the pooled covariance).
    private static double DistanceOfMeans(IRows rows, int upper)
    {
        var means = new double[2][];
        double spread = 0;
        for (int domain = 0; domain < 2; domain++)
        {
            double[] mean = means[domain] = new double[rows.Width];
            for (int i = 0; i < upper; i++)
            {
                DoubleProducts.AddScaled(1.0 / upper, Row((domain * upper) + i), mean);
            }

            for (int i = 0; i < upper; i++)
            {
                double[] row = Row((domain * upper) + i);
                DoubleProducts.AddScaled(-1, mean, row);
                spread += DoubleProducts.Dot(row, row);
            }
        }

        DoubleProducts.AddScaled(-1, means[1], means[0]);
        double distance = Math.Sqrt(DoubleProducts.Dot(means[0], means[0]));
        return distance == 0 ? 0 : distance / Math.Sqrt(spread / ((2 * upper) - 2));

        double[] Row(int index) => Array.ConvertAll(rows[index].ToArray(), value => (double)value);
    }
}
