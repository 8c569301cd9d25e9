using OnnxTransfer.Embeddings;
using OnnxTransfer.Heads;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Evaluation;

/// <summary>head.Evaluate(set): predicts all rows of a set and measures the result.</summary>
public static class HeadEvaluation
{
    /// <summary>
    /// Scores of <paramref name="head"/> on all rows of <paramref name="set"/>, as its task asks: <see cref="ClassificationScores"/>,
    /// <see cref="LabelScores"/> for several labels a row, <see cref="RegressionScores"/> for a value with or without its interval,
    /// <see cref="MultiValueScores"/> for several values.
    /// </summary>
    /// <param name="head">A fitted head.</param>
    /// <param name="set">N x D embeddings with labels or targets; its groups are resampled whole for the interval.</param>
    /// <param name="seed">Of the interval's resamples.</param>
    /// <exception cref="ArgumentException">Head and set do not fit each other, or the set has no rows.</exception>
    public static Scores Evaluate(this IHead head, EmbeddingSet set, long seed = 0) => head.Evaluate(set, [], seed);

    /// <summary>The same of answers averaged over the images as they are and augmented views of them (test-time augmentation).</summary>
    /// <param name="head">A fitted head.</param>
    /// <param name="set">N x D embeddings of the images as they are, with labels or targets.</param>
    /// <param name="views">Embeddings of each view of the same items in the same order, as <see cref="ViewedRun.Aligned"/> gives them; none: no average.</param>
    /// <param name="seed">Of the interval's resamples.</param>
    /// <exception cref="ArgumentException">Head, set and views do not fit each other, or the set has no rows.</exception>
    public static Scores Evaluate(this IHead head, EmbeddingSet set, IReadOnlyList<EmbeddingSet> views, long seed = 0) => head.Task switch
    {
        HeadTask.Classes => OfClasses(head, set, views, seed),
        HeadTask.Labels => OfLabels(head, set, views, seed),
        _ when IsSingle(head.ValueNames) => OfValues(head, set, views, seed),
        _ => OfTargets(head, set, views, seed),
    };

    /// <summary>The same for a head with classes, typed.</summary>
    /// <param name="head">A fitted classification head.</param>
    /// <param name="set">N x D embeddings with labels; its classes must be the head's, in the same order.</param>
    /// <param name="seed">Of the interval's resamples.</param>
    /// <exception cref="ArgumentException">Head and set do not fit each other, or the set has no rows.</exception>
    public static ClassificationScores EvaluateClasses(this IHead head, EmbeddingSet set, long seed = 0) => OfClasses(head, set, [], seed);

    /// <summary>The same for a head that predicts any number of labels, typed.</summary>
    /// <param name="head">A fitted head of several labels.</param>
    /// <param name="set">N x D embeddings with label sets; its classes must be the head's, in the same order.</param>
    /// <param name="seed">Of the interval's resamples.</param>
    /// <exception cref="ArgumentException">Head and set do not fit each other, or the set has no rows.</exception>
    public static LabelScores EvaluateLabels(this IHead head, EmbeddingSet set, long seed = 0) => OfLabels(head, set, [], seed);

    /// <summary>The same for a head that predicts a value, with or without an interval, typed.</summary>
    /// <param name="head">A fitted regression head.</param>
    /// <param name="set">N x D embeddings with targets.</param>
    /// <param name="seed">Of the interval's resamples.</param>
    /// <exception cref="ArgumentException">Head and set do not fit each other, or the set has no rows.</exception>
    public static RegressionScores EvaluateValues(this IHead head, EmbeddingSet set, long seed = 0) => OfValues(head, set, [], seed);

    /// <summary>The same for a head that predicts several values, typed.</summary>
    /// <param name="head">A fitted head of m values.</param>
    /// <param name="set">N x D embeddings with m targets of the head's names, in the same order.</param>
    /// <param name="seed">Of the intervals' resamples.</param>
    /// <exception cref="ArgumentException">Head and set do not fit each other, or the set has no rows.</exception>
    public static MultiValueScores EvaluateTargets(this IHead head, EmbeddingSet set, long seed = 0) => OfTargets(head, set, [], seed);

    /// <summary>One value, or one with its interval, by the names of a head's values.</summary>
    internal static bool IsSingle(IReadOnlyList<string> valueNames) => valueNames.Count == 1 || IsInterval(valueNames);

    /// <summary>Scores of N x 1 values, or of N x 3: low, value, high.</summary>
    internal static RegressionScores OfOneValue(IRows values, double[] targets, string[]? groups, long seed)
    {
        return values.Width == 1
            ? RegressionScores.Of(Column(0), targets, groups, seed)
            : RegressionScores.OfIntervals(Column(0), Column(1), Column(2), targets, groups, seed);

        double[] Column(int column) => [.. Enumerable.Range(0, values.Count).Select(i => (double)values[i][column])];
    }

    private static ClassificationScores OfClasses(IHead head, EmbeddingSet set, IReadOnlyList<EmbeddingSet> views, long seed)
    {
        CheckClasses(head, set);
        CheckTask(head, HeadTask.Classes, set.Count > 0 && set.IsMultiLabel, "several labels a row");
        return ClassificationScores.Of(Answers(head, set, views), set.Labels, head.Classes, set.Groups, seed);
    }

    private static LabelScores OfLabels(IHead head, EmbeddingSet set, IReadOnlyList<EmbeddingSet> views, long seed)
    {
        CheckClasses(head, set);
        CheckTask(head, HeadTask.Labels, set.Count > 0 && !set.IsMultiLabel, "one label a row");
        return LabelScores.Of(Answers(head, set, views), set.LabelSets, head.Classes, set.Groups, seed);
    }

    private static RegressionScores OfValues(IHead head, EmbeddingSet set, IReadOnlyList<EmbeddingSet> views, long seed)
    {
        if (head.Classes.Count > 0 || (set.Count > 0 && !set.IsRegression))
        {
            throw new ArgumentException(
                $"the set holds {(set.IsRegression ? "targets" : "no targets")} and the head predicts {Named(head.Classes)}; expected targets and a value");
        }

        if (!IsSingle(head.ValueNames) || set.TargetCount > 1)
        {
            throw new ArgumentException(
                $"the set has {set.TargetCount} targets a row and the head predicts {Named(head.ValueNames)}; expected one target and one value: " +
                "measure several by EvaluateTargets");
        }

        return OfOneValue(Answers(head, set, views), set.Targets, set.Groups, seed);
    }

    private static MultiValueScores OfTargets(IHead head, EmbeddingSet set, IReadOnlyList<EmbeddingSet> views, long seed)
    {
        if (!set.TargetNames.SequenceEqual(head.ValueNames))
        {
            throw new ArgumentException(
                $"the set has the targets {Named(set.TargetNames)}; the head predicts {Named(head.ValueNames)}: expected the same names in the same order");
        }

        return MultiValueScores.Of(Answers(head, set, views), set.Targets, head.ValueNames, set.Groups, seed);
    }

    private static Matrix Answers(IHead head, EmbeddingSet set, IReadOnlyList<EmbeddingSet> views) => head.Predict(set.Rows, [.. views.Select(view => view.Rows)]);

    private static bool IsInterval(IReadOnlyList<string> valueNames) => valueNames is ["low", IHead.ValueName, "high"];

    private static void CheckClasses(IHead head, EmbeddingSet set)
    {
        if (!set.Classes.SequenceEqual(head.Classes))
        {
            throw new ArgumentException(
                $"the set has the classes {Named(set.Classes)}; the head predicts {Named(head.Classes)}: " +
                "expected the same names in the same order");
        }
    }

    private static void CheckTask(IHead head, HeadTask task, bool differs, string found)
    {
        if (head.Task != task || differs)
        {
            throw new ArgumentException(
                $"the set holds {found} and the head answers with {head.Task}; expected both to be of one class a row, or both of any number of labels");
        }
    }

    private static string Named(IReadOnlyList<string> classes)
    {
        const int Shown = 5;
        string names = string.Join(", ", classes.Take(Shown).Select(name => $"'{name}'"));
        return classes.Count == 0 ? "none" : classes.Count > Shown ? $"{names} and {classes.Count - Shown} more" : names;
    }
}
