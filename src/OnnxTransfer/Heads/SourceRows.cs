using OnnxTransfer.Embeddings;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Heads;

/// <summary>The rows of a source domain that a target's fit can use, their labels turned into the target's.</summary>
internal static class SourceRows
{
    /// <summary>Checks <paramref name="source"/> against <paramref name="target"/>; what was left out is added to <paramref name="notes"/>.</summary>
    public static EmbeddingSet Matched(EmbeddingSet source, EmbeddingSet target, List<string> notes)
    {
        if (source.Width != target.Width)
        {
            throw new FitException(
                $"the source's embeddings are {source.Width} wide, the target's {target.Width}; expected both from the same backbone, tap and number columns");
        }

        if (source.IsRegression != target.IsRegression || source.IsMultiLabel != target.IsMultiLabel)
        {
            throw new FitException($"the source holds {What(source)}, the target {What(target)}; expected the same of both");
        }

        try
        {
            source = FitCheck.Rows(source, Chunks.Threads(0));
        }
        catch (FitException error)
        {
            throw new FitException($"the source: {error.Message}");
        }

        return source.IsRegression ? WithTargets(source, target)
            : source.IsMultiLabel ? WithLabelSets(source, target, notes)
            : WithLabels(source, target, notes);
    }

    private static EmbeddingSet WithTargets(EmbeddingSet source, EmbeddingSet target) =>
        source.TargetNames.SequenceEqual(target.TargetNames)
            ? source
            : throw new FitException(
                $"the source has the targets {Names(source.TargetNames)}, the target domain {Names(target.TargetNames)}; expected the same in the same order");

    private static EmbeddingSet WithLabels(EmbeddingSet source, EmbeddingSet target, List<string> notes)
    {
        int unlabelled = Array.FindIndex(source.Labels, label => (uint)label >= (uint)source.Classes.Count);
        if (unlabelled >= 0)
        {
            throw new FitException(
                $"the source: row {unlabelled} has the label {source.Labels[unlabelled]}; expected 0 to {source.Classes.Count - 1}: rows without a label cannot be fitted on");
        }

        int[] map = Map(source.Classes, target.Classes);
        int[] kept = [.. Enumerable.Range(0, source.Count).Where(i => map[source.Labels[i]] >= 0)];
        string[] unknown = [.. source.Labels.Distinct().Where(label => map[label] < 0).Order().Select(label => source.Classes[label])];
        if (kept.Length == 0)
        {
            throw new FitException(
                $"the source's rows are of the classes {Names(unknown)}, of which the target has none; it has {Names(target.Classes)}: give them the same names");
        }

        if (unknown.Length > 0)
        {
            notes.Add($"{source.Count - kept.Length} source rows of classes the target lacks were left out: {Names(unknown)}");
        }

        var rest = source.Subset(kept);
        return rest with { Labels = Array.ConvertAll(rest.Labels, label => map[label]) };
    }

    // A label that the source does not know would be learned as absent from all its rows.
    private static EmbeddingSet WithLabelSets(EmbeddingSet source, EmbeddingSet target, List<string> notes)
    {
        string[] missing = [.. target.Classes.Except(source.Classes)], unknown = [.. source.Classes.Except(target.Classes)];
        if (missing.Length > 0)
        {
            throw new FitException(
                $"the source does not know the labels {Names(missing)}, so that its rows would be learned as not having them; " +
                $"expected a source labelled with all {target.Classes.Count} labels of the target");
        }

        if (unknown.Length > 0)
        {
            notes.Add($"labels of the source that the target lacks were left out: {Names(unknown)}");
        }

        int[] map = Map(source.Classes, target.Classes);
        return source with
        {
            LabelSets = Array.ConvertAll(source.LabelSets, labels => labels.Select(label => map[label]).Where(label => label >= 0).Order().ToArray()),
        };
    }

    private static int[] Map(IReadOnlyList<string> from, IReadOnlyList<string> to)
    {
        var known = to.Index().ToDictionary(entry => entry.Item, entry => entry.Index, StringComparer.Ordinal);
        return [.. from.Select(name => known.GetValueOrDefault(name, -1))];
    }

    private static string What(EmbeddingSet set) => set.IsRegression ? "targets" : set.IsMultiLabel ? "several labels a row" : "a label a row";

    private static string Names(IReadOnlyList<string> names)
    {
        const int Shown = 5;
        string all = string.Join(", ", names.Take(Shown).Select(name => $"'{name}'"));
        return names.Count == 0 ? "without a name" : names.Count > Shown ? $"{all} and {names.Count - Shown} more" : all;
    }
}
