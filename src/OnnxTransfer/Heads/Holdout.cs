using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Heads;

/// <summary>The rows of positive weight a setting such as an L2 is fitted on and the rows it is judged on; null where there is nothing to judge on.</summary>
/// <param name="Fit">Rows of the path's fits.</param>
/// <param name="Validation">Rows of their scores.</param>
/// <param name="Notes">How they were found.</param>
internal sealed record Holdout(EmbeddingSet Fit, EmbeddingSet? Validation, IReadOnlyList<string> Notes)
{
    /// <summary>
    /// Rows marked <see cref="Split.Validation"/> where there are any beside others; otherwise a seeded, stratified part
    /// of the rows that keeps groups whole and leaves every class, or label, in the fit. Augmented views are not judged on.
    /// </summary>
    public static Holdout Make(EmbeddingSet set, L2Search search) =>
        Make(set, search.HeldOut, search.Seed, "L2", $"L2 = {search.Fallback} was taken (L2Search.Fallback)");

    /// <summary>
    /// The same for any setting; its name, what happens where nothing can be held out, and whether all rows are fitted again go
    /// into the notes.
    /// </summary>
    public static Holdout Make(EmbeddingSet set, double heldOut, long seed, string chosen, string otherwise, bool refits = true)
    {
        if (IsMarked(set))
        {
            return Marked(set, chosen, otherwise, refits);
        }

        if (Draw(set, heldOut, seed, out string reason) is not { } drawn)
        {
            return Nothing(set, chosen, otherwise, reason);
        }

        var fit = set.Subset(Where(set.Count, i => !drawn[i]));
        var validation = set.Subset(Where(set.Count, i => drawn[i] && set.IsPlain(i)));
        string kept = set.Groups.Length > 0 ? ", groups kept whole" : "";
        return new Holdout(fit, validation,
            [$"{chosen} chosen on {validation.Count} of {set.Count} rows held out of the fit (seed {seed}{kept}){(refits ? "; the final fit uses all" : "")}"]);
    }

    /// <summary>
    /// The set with validation rows marked, as <see cref="Make(EmbeddingSet, L2Search)"/> would take them: for trainers that change the other rows
    /// before an inner trainer sees them. Null where none can be held out.
    /// </summary>
    public static EmbeddingSet? Mark(EmbeddingSet set, double heldOut, long seed)
    {
        if (!(heldOut is > 0 and <= 0.5))
        {
            throw new FitException($"HeldOut = {heldOut}; expected above 0 and at most 0.5");
        }

        return IsMarked(set) ? set
            : Draw(set, heldOut, seed, out _) is { } drawn ? set with { Splits = Array.ConvertAll(drawn, isDrawn => isDrawn ? Split.Validation : Split.Train) }
            : null;
    }

    private static bool IsMarked(EmbeddingSet set) =>
        set.Splits.Contains(Split.Validation) && set.Splits.Any(split => split != Split.Validation);

    // Which rows are held out; null with the reason where that cannot be done.
    private static bool[]? Draw(EmbeddingSet set, double heldOut, long seed, out string reason)
    {
        reason = set.Count == 1 ? "there is one row only" : "all rows belong to one group";
        int groups = FoldAssignment.GroupCount(set.Count, set.Groups);
        if (groups < 2)
        {
            return null;
        }

        int folds = Math.Min((int)Math.Round(1 / heldOut), groups);
        int[] assigned = FoldAssignment.Make(set.Count, set.Strata, set.Groups, folds, seed);
        var all = Present(set);
        for (int fold = 0; fold < folds; fold++)
        {
            if (all.IsSubsetOf(Present(set.Subset(Where(set.Count, i => assigned[i] != fold)))))
            {
                return Array.ConvertAll(assigned, place => place == fold);
            }
        }

        reason = "holding rows out would leave a class without any";
        return null;
    }

    private static Holdout Marked(EmbeddingSet set, string chosen, string otherwise, bool refits)
    {
        var fit = set.Subset(Where(set.Count, i => set.Splits[i] != Split.Validation));
        var known = Present(fit);
        int marked = set.Splits.Count(split => split == Split.Validation);
        var validation = set.Subset(Where(set.Count,
            i => set.Splits[i] == Split.Validation && set.IsPlain(i) && (set.Labels.Length == 0 || known.Contains(set.Labels[i]))));
        if (validation.Count == 0 || (set.Labels.Length > 0 && known.Count < 2))
        {
            return Nothing(set, chosen, otherwise, "the validation rows and the others do not share two classes");
        }

        string left = validation.Count < marked ? $"; {marked - validation.Count} of classes without train rows were left out" : "";
        return new Holdout(fit, validation, [$"{chosen} chosen on {validation.Count} validation rows{left}{(refits ? $"; the final fit uses all rows" : "")}"]);
    }

    private static Holdout Nothing(EmbeddingSet set, string chosen, string otherwise, string reason) =>
        new(set, null, [$"no {chosen} could be chosen: {reason}; {otherwise}"]);

    private static int[] Where(int count, Func<int, bool> condition) => [.. Enumerable.Range(0, count).Where(condition)];

    private static HashSet<int> Present(EmbeddingSet set) => set.IsMultiLabel ? [.. set.LabelSets.SelectMany(labels => labels)] : [.. set.Labels];
}
