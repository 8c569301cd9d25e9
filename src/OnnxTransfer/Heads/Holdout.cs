using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Heads;

/// <summary>The rows of positive weight an L2 is fitted on and the rows it is judged on; null where there is nothing to judge on.</summary>
/// <param name="Fit">Rows of the path's fits.</param>
/// <param name="Validation">Rows of their scores.</param>
/// <param name="Notes">How they were found.</param>
internal sealed record Holdout(EmbeddingSet Fit, EmbeddingSet? Validation, IReadOnlyList<string> Notes)
{
    /// <summary>
    /// Rows marked <see cref="Split.Validation"/> where there are any beside others; otherwise a seeded, stratified part
    /// of the rows that keeps groups whole and leaves every class in the fit.
    /// </summary>
    public static Holdout Make(EmbeddingSet set, L2Search search) =>
        Make(set, search.HeldOut, search.Seed, "L2", $"L2 = {search.Fallback} was taken (L2Search.Fallback)");

    /// <summary>
    /// The same for any setting; its name, what happens where nothing can be held out, and whether all rows are fitted again go
    /// into the notes.
    /// </summary>
    public static Holdout Make(EmbeddingSet set, double heldOut, long seed, string chosen, string otherwise, bool refits = true)
    {
        if (set.Splits.Contains(Split.Validation) && set.Splits.Any(split => split != Split.Validation))
        {
            return Marked(set, chosen, otherwise, refits);
        }

        int groups = FoldAssignment.GroupCount(set.Count, set.Groups);
        if (groups < 2)
        {
            return Nothing(set, chosen, otherwise, set.Count == 1 ? "there is one row only" : "all rows belong to one group");
        }

        int folds = Math.Min((int)Math.Round(1 / heldOut), groups);
        int[] assigned = FoldAssignment.Make(set.Count, set.Labels, set.Groups, folds, seed);
        for (int fold = 0; fold < folds; fold++)
        {
            var fit = set.Subset(Where(set.Count, i => assigned[i] != fold));
            var validation = set.Subset(Where(set.Count, i => assigned[i] == fold));
            if (!Present(set).Except(Present(fit)).Any())
            {
                string kept = set.Groups.Length > 0 ? ", groups kept whole" : "";
                return new Holdout(fit, validation,
                    [$"{chosen} chosen on {validation.Count} of {set.Count} rows held out of the fit (seed {seed}{kept}){(refits ? "; the final fit uses all" : "")}"]);
            }
        }

        return Nothing(set, chosen, otherwise, "holding rows out would leave a class without any");
    }

    private static Holdout Marked(EmbeddingSet set, string chosen, string otherwise, bool refits)
    {
        var fit = set.Subset(Where(set.Count, i => set.Splits[i] != Split.Validation));
        var known = Present(fit);
        int marked = set.Splits.Count(split => split == Split.Validation);
        var validation = set.Subset(Where(set.Count,
            i => set.Splits[i] == Split.Validation && (set.Labels.Length == 0 || known.Contains(set.Labels[i]))));
        if (validation.Count == 0 || (set.Labels.Length > 0 && known.Count < 2))
        {
            return Nothing(set, chosen, otherwise, "the validation rows and the others do not share two classes");
        }

        string left = validation.Count < marked ? $"; {marked - validation.Count} of classes without train rows were left out" : "";
        return new Holdout(fit, validation, [$"{chosen} chosen on {validation.Count} validation rows{left}{(refits ? $"; the final fit uses all {set.Count}" : "")}"]);
    }

    private static Holdout Nothing(EmbeddingSet set, string chosen, string otherwise, string reason) =>
        new(set, null, [$"no {chosen} could be chosen: {reason}; {otherwise}"]);

    private static int[] Where(int count, Func<int, bool> condition) => [.. Enumerable.Range(0, count).Where(condition)];

    private static HashSet<int> Present(EmbeddingSet set) => [.. set.Labels];
}
