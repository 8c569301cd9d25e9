using OnnxTransfer.Embeddings;
using OnnxTransfer.Heads;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Evaluation;

/// <summary>head.Evaluate(set): predicts all rows of a set and measures the result.</summary>
public static class HeadEvaluation
{
    /// <summary>Scores of <paramref name="head"/> on all rows of <paramref name="set"/>: <see cref="ClassificationScores"/> for a
    /// head with classes, else <see cref="RegressionScores"/>.</summary>
    /// <param name="head">A fitted head.</param>
    /// <param name="set">N x D embeddings with labels or targets; its groups are resampled whole for the interval.</param>
    /// <param name="seed">Of the interval's resamples.</param>
    /// <exception cref="ArgumentException">Head and set do not fit each other, or the set has no rows.</exception>
    public static Scores Evaluate(this IHead head, EmbeddingSet set, long seed = 0) =>
        head.Classes.Count > 0 ? head.EvaluateClasses(set, seed) : head.EvaluateValues(set, seed);

    /// <summary>The same for a head with classes, typed.</summary>
    /// <param name="head">A fitted classification head.</param>
    /// <param name="set">N x D embeddings with labels; its classes must be the head's, in the same order.</param>
    /// <param name="seed">Of the interval's resamples.</param>
    /// <exception cref="ArgumentException">Head and set do not fit each other, or the set has no rows.</exception>
    public static ClassificationScores EvaluateClasses(this IHead head, EmbeddingSet set, long seed = 0)
    {
        if (!set.Classes.SequenceEqual(head.Classes))
        {
            throw new ArgumentException(
                $"the set has the classes {Named(set.Classes)}; the head predicts {Named(head.Classes)}: " +
                "expected the same names in the same order");
        }

        return ClassificationScores.Of(head.Predict(set.Rows), set.Labels, head.Classes, set.Groups, seed);
    }

    /// <summary>The same for a head that predicts a value, typed.</summary>
    /// <param name="head">A fitted regression head.</param>
    /// <param name="set">N x D embeddings with targets.</param>
    /// <param name="seed">Of the interval's resamples.</param>
    /// <exception cref="ArgumentException">Head and set do not fit each other, or the set has no rows.</exception>
    public static RegressionScores EvaluateValues(this IHead head, EmbeddingSet set, long seed = 0)
    {
        if (head.Classes.Count > 0 || (set.Count > 0 && !set.IsRegression))
        {
            throw new ArgumentException(
                $"the set holds {(set.IsRegression ? "targets" : "no targets")} and the head predicts {Named(head.Classes)}; expected targets and a value");
        }

        var predicted = head.Predict(set.Rows);
        int column = head.Outputs == 1 ? 0 : head.ValueNames.Index().Single(name => name.Item == IHead.ValueName).Index; // of an interval, the median
        return RegressionScores.Of([.. Enumerable.Range(0, set.Count).Select(i => (double)predicted[i][column])], set.Targets, set.Groups, seed);
    }

    private static string Named(IReadOnlyList<string> classes)
    {
        const int Shown = 5;
        string names = string.Join(", ", classes.Take(Shown).Select(name => $"'{name}'"));
        return classes.Count == 0 ? "none" : classes.Count > Shown ? $"{names} and {classes.Count - Shown} more" : names;
    }
}
