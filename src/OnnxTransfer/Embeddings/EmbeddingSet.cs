using OnnxTransfer.Datasets;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Embeddings;

/// <summary>
/// Embeddings of a data set together with what is known of each item: N rows of D floats, labels or targets, weights,
/// groups. What heads are fitted and measured on.
/// </summary>
public sealed record EmbeddingSet
{
    /// <summary>N x D embeddings, row i belongs to item i.</summary>
    public required IRows Rows { get; init; }

    /// <summary>Class index per row, into <see cref="Classes"/>; -1 where unknown; empty for regression and for several labels a row.</summary>
    public int[] Labels { get; init; } = [];

    /// <summary>Where a row may have several labels, or none: their indices into <see cref="Classes"/>, per row; otherwise empty.</summary>
    public int[][] LabelSets { get; init; } = [];

    /// <summary>Target per row, or N x m targets row by row; empty for classification.</summary>
    public double[] Targets { get; init; } = [];

    /// <summary>Names of the m targets of a row; empty for one without a name.</summary>
    public IReadOnlyList<string> TargetNames { get; init; } = [];

    /// <summary>Weight per row; empty when all are 1.</summary>
    public double[] Weights { get; init; } = [];

    /// <summary>Group per row, for folds; empty when every row stands for itself.</summary>
    public string[] Groups { get; init; } = [];

    /// <summary>Split per row.</summary>
    public Split[] Splits { get; init; } = [];

    /// <summary>Name per row, for tables.</summary>
    public string[] Names { get; init; } = [];

    /// <summary>
    /// Per row 0, or the number of the augmented view that it is; empty when no row is one. Views are fitted on beside the plain
    /// rows of their items, and never measured on.
    /// </summary>
    public int[] Views { get; init; } = [];

    /// <summary>Class names in label order; empty for regression.</summary>
    public IReadOnlyList<string> Classes { get; init; } = [];

    /// <summary>N.</summary>
    public int Count => Rows.Count;

    /// <summary>D.</summary>
    public int Width => Rows.Width;

    /// <summary>m, the number of targets of a row.</summary>
    public int TargetCount => Math.Max(1, TargetNames.Count);

    /// <summary>True when a row may have several labels.</summary>
    public bool IsMultiLabel => LabelSets.Length > 0;

    /// <summary>True when <see cref="Targets"/> hold what is to be predicted.</summary>
    public bool IsRegression => Targets.Length > 0;

    /// <summary>What folds are stratified by: the label, or of several the rarest (k for a row of none); empty for regression.</summary>
    internal int[] Strata => IsMultiLabel ? RarestLabel.Of(LabelSets, Classes.Count) : Labels;

    /// <summary>What is known of <paramref name="items"/>, a row each.</summary>
    internal static EmbeddingSet Of(Dataset dataset, IReadOnlyList<DatasetItem> items, IRows rows) => new()
    {
        Rows = rows,
        Classes = dataset.Classes,
        Labels = dataset.IsRegression || dataset.IsMultiLabel ? [] : [.. items.Select(item => item.Label)],
        LabelSets = dataset.IsMultiLabel ? [.. items.Select(item => item.LabelSet)] : [],
        Targets = !dataset.IsRegression ? [] : dataset.TargetNames.Count == 0 ? [.. items.Select(item => item.Target)] : [.. items.SelectMany(item => item.Targets)],
        TargetNames = dataset.TargetNames,
        Weights = items.All(item => item.Weight == 1) ? [] : [.. items.Select(item => item.Weight)],
        Groups = items.All(item => item.Group is null) ? [] : [.. items.Select((item, i) => item.Group ?? $"\u0000{i}")],
        Splits = [.. items.Select(item => item.Split)],
        Names = [.. items.Select(item => item.Name)],
    };

    /// <summary>The rows of one split.</summary>
    public EmbeddingSet Of(params Split[] splits) =>
        Subset([.. Enumerable.Range(0, Count).Where(i => splits.Contains(Splits[i]))]);

    /// <summary>The rows at <paramref name="indices"/>, in that order; embeddings are not copied.</summary>
    public EmbeddingSet Subset(int[] indices) => this with
    {
        Rows = new RowSelection(Rows, indices),
        Labels = Pick(Labels, indices),
        LabelSets = Pick(LabelSets, indices),
        Targets = Targets.Length == 0 ? Targets : [.. indices.SelectMany(i => Targets.AsSpan(i * TargetCount, TargetCount).ToArray())],
        Weights = Pick(Weights, indices),
        Groups = Pick(Groups, indices),
        Splits = Pick(Splits, indices),
        Names = Pick(Names, indices),
        Views = Pick(Views, indices),
    };

    /// <summary>The rows of several sets, one set behind the other; embeddings are not copied. What only some sets have is as usual in the others.</summary>
    /// <param name="sets">At least one; of the same width, classes and kind of answers.</param>
    /// <exception cref="ArgumentException">They do not fit each other.</exception>
    public static EmbeddingSet Stack(IReadOnlyList<EmbeddingSet> sets)
    {
        ArgumentOutOfRangeException.ThrowIfZero(sets.Count);
        var first = sets[0];
        foreach (var (i, other) in sets.Index())
        {
            if (other.Width != first.Width || other.IsRegression != first.IsRegression || other.IsMultiLabel != first.IsMultiLabel
                || !other.Classes.SequenceEqual(first.Classes) || !other.TargetNames.SequenceEqual(first.TargetNames))
            {
                throw new ArgumentException(
                    $"set {i} has {other.Width} values a row and {other.Classes.Count} classes, set 0 {first.Width} and {first.Classes.Count}; expected the same width, classes and kind of answers in all", nameof(sets));
            }
        }

        return first with
        {
            Rows = new StackedRows([.. sets.Select(set => set.Rows)]),
            Labels = Joined(sets, set => set.Labels, (_, _) => -1),
            LabelSets = Joined(sets, set => set.LabelSets, (_, _) => []),
            Targets = [.. sets.SelectMany(set => set.Targets)],
            Weights = Joined(sets, set => set.Weights, (_, _) => 1),
            Groups = Joined(sets, set => set.Groups, (set, row) => $"\u0000{set}/{row}"),
            Splits = Joined(sets, set => set.Splits, (_, _) => Split.Train),
            Names = Joined(sets, set => set.Names, (_, row) => $"row {row}"),
            Views = Joined(sets, set => set.Views, (_, _) => 0),
        };
    }

    /// <summary>Whether a row is an image as it is, and no augmented view.</summary>
    internal bool IsPlain(int row) => Views.Length == 0 || Views[row] == 0;

    /// <summary>The columns from <paramref name="first"/> on, <paramref name="count"/> of them; embeddings are not copied.</summary>
    public EmbeddingSet OfColumns(int first, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first + count, Width);
        return this with { Rows = new ColumnSelection(Rows, first, count) };
    }

    // Nothing where no set has any; otherwise what a row of the others has, by the numbers of set and row.
    private static T[] Joined<T>(IReadOnlyList<EmbeddingSet> sets, Func<EmbeddingSet, T[]> of, Func<int, int, T> otherwise) => sets.All(set => of(set).Length == 0)
        ? []
        : [.. sets.SelectMany((set, i) => of(set) is { Length: > 0 } there ? there : [.. Enumerable.Range(0, set.Count).Select(row => otherwise(i, row))])];

    private static T[] Pick<T>(T[] values, int[] indices) =>
        values.Length == 0 ? values : Array.ConvertAll(indices, i => values[i]);

    private sealed class ColumnSelection(IRows rows, int first, int count) : IRows
    {
        public int Count => rows.Count;

        public int Width => count;

        public ReadOnlySpan<float> this[int index] => rows[index].Slice(first, count);
    }

    private sealed class RowSelection(IRows rows, int[] indices) : IRows
    {
        public int Count => indices.Length;

        public int Width => rows.Width;

        public ReadOnlySpan<float> this[int index] => rows[indices[index]];
    }
}
