using OnnxTransfer.Embeddings;
using OnnxTransfer.Heads;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Evaluation;

/// <summary>Cuts a set into folds for cross-validation.</summary>
public static class Folds
{
    /// <summary>
    /// Seeded folds of nearly equal size; groups stay whole, and classes (of several labels a row, its rarest one) are spread
    /// evenly over the folds as far as their groups allow. Augmented views are among the rows to fit on only.
    /// </summary>
    /// <param name="set">N rows with labels or targets.</param>
    /// <param name="folds">How many, at least 2.</param>
    /// <param name="seed">Decides which rows meet in a fold.</param>
    /// <exception cref="FitException">There are fewer groups (or rows) than folds, or a row has no label.</exception>
    public static IReadOnlyList<Fold> Make(EmbeddingSet set, int folds, long seed = 0)
    {
        int groups = FoldAssignment.GroupCount(set.Count, set.Groups);
        if (folds < 2 || groups < folds)
        {
            string units = set.Groups.Length > 0 ? "groups" : "rows";
            throw new FitException($"{folds} folds of {groups} {units}; expected at least 2 folds and no more than there are {units}");
        }

        int unlabelled = Array.FindIndex(set.Labels, label => label < 0);
        if (unlabelled >= 0)
        {
            throw new FitException($"row {unlabelled} has the label {set.Labels[unlabelled]}; folds are made of labelled rows only");
        }

        int[] assigned = FoldAssignment.Make(set.Count, set.Strata, set.Groups, folds, seed);
        return [.. Enumerable.Range(0, folds).Select(fold => new Fold(
            [.. Enumerable.Range(0, set.Count).Where(i => assigned[i] != fold)],
            [.. Enumerable.Range(0, set.Count).Where(i => assigned[i] == fold && set.IsPlain(i))]))];
    }
}
