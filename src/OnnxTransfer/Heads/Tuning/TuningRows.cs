using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;

namespace OnnxTransfer.Heads.Tuning;

/// <summary>Which rows a training learns from, and which it chooses the best weights by.</summary>
/// <param name="Marked">All of them, validation rows marked.</param>
/// <param name="Train">Numbers of those to learn from.</param>
/// <param name="Validation">Numbers of those to validate by; empty: none.</param>
internal sealed record TuningRows(EmbeddingSet Marked, int[] Train, int[] Validation)
{
    // Where rows are marked, none are drawn, and the share is not looked at.
    private const double AnyShare = 0.5;

    /// <summary>Takes the rows that are marked as validation, or draws some.</summary>
    /// <param name="set">The rows.</param>
    /// <param name="heldOut">The share to draw; 0: none.</param>
    /// <param name="seed">Decides which.</param>
    /// <param name="notes">Is told what was done.</param>
    public static TuningRows Of(EmbeddingSet set, double heldOut, long seed, List<string> notes)
    {
        bool isMarked = set.Splits.Contains(Split.Validation) && set.Splits.Any(split => split != Split.Validation);
        if ((heldOut > 0 || isMarked ? Holdout.Mark(set, heldOut > 0 ? heldOut : AnyShare, seed) : null) is not { } marked)
        {
            notes.Add($"no rows {(heldOut > 0 ? "could be" : "were")} held out to validate by; the weights of the last epoch were taken");
            return new(set, [.. Enumerable.Range(0, set.Count)], []);
        }

        var rows = Enumerable.Range(0, set.Count).ToLookup(i => marked.Splits[i] == Split.Validation);
        notes.Add($"the best weights were chosen on {rows[true].Count()} validation rows, {(isMarked ? "marked as such" : $"held out of {set.Count} (seed {seed})")}, which were not trained on");
        return new(marked, [.. rows[false]], [.. rows[true]]);
    }

    /// <summary>The rows to learn from, classes weighted.</summary>
    public EmbeddingSet TrainSet(Rebalancing? classWeights, long seed) =>
        classWeights is null ? Marked.Subset(Train) : (classWeights with { Seed = seed }).Apply(Marked.Subset(Train));

    /// <summary>Without validation rows of classes that no train row has: they cannot be answered.</summary>
    public TuningRows Known(PerceptronTargets targets, List<string> notes)
    {
        if (Marked.IsRegression || Marked.IsMultiLabel)
        {
            return this;
        }

        int[] known = [.. Validation.Where(i => targets.Present.Contains(Marked.Labels[i]))];
        notes.AddRange(known.Length == Validation.Length ? [] : [$"{Validation.Length - known.Length} validation rows of classes without train rows were left out"]);
        return this with { Validation = known };
    }
}
