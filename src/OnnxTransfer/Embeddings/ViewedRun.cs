using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;

namespace OnnxTransfer.Embeddings;

/// <summary>A run of the embedder together with augmented views of some of its items: what is fitted on, or averaged over.</summary>
public sealed class ViewedRun
{
    private readonly int[] _chosen; // the numbers of the views' items within the plain run's

    private ViewedRun(EmbedRun plain, int[] chosen, IReadOnlyList<EmbedRun> views) => (Plain, _chosen, Views) = (plain, chosen, views);

    /// <summary>The images as they are.</summary>
    public EmbedRun Plain { get; }

    /// <summary>The same for each view, over the items of the splits asked for; none where no item is of these.</summary>
    public IReadOnlyList<EmbedRun> Views { get; }

    /// <summary>Embeds the items of some splits once for each view; the cache keeps every view.</summary>
    /// <param name="backbone">The backbone of the run.</param>
    /// <param name="plain">The images as they are; of it the items that did not fail are taken.</param>
    /// <param name="cache">Where embeddings are kept.</param>
    /// <param name="views">Which views.</param>
    /// <param name="splits">Items of no other split have views.</param>
    /// <param name="settings">As of the plain run; <see cref="EmbedSettings.View"/> is set here.</param>
    /// <param name="cancellation">Ends it; what was embedded is kept.</param>
    /// <exception cref="OnnxTransferException">As of <see cref="Embedder.Run"/>.</exception>
    public static ViewedRun Run(
        Backbone backbone, EmbedRun plain, EmbeddingCache cache, IReadOnlyList<AugmentedView> views, IReadOnlyList<Split> splits, EmbedSettings? settings = null,
        CancellationToken cancellation = default) =>
        Run(plain, views, splits, (items, view) => Embedder.Run(backbone, items, cache, (settings ?? new()) with { View = view }, cancellation));

    /// <summary>The same with another way to embed a view of a data set: one that shows its progress, say.</summary>
    /// <param name="plain">The images as they are; of it the items that did not fail are taken.</param>
    /// <param name="views">Which views.</param>
    /// <param name="splits">Items of no other split have views.</param>
    /// <param name="embed">Embeds a view of a data set.</param>
    public static ViewedRun Run(EmbedRun plain, IReadOnlyList<AugmentedView> views, IReadOnlyList<Split> splits, Func<Dataset, AugmentedView, EmbedRun> embed)
    {
        int[] chosen = [.. Enumerable.Range(0, plain.Items.Count).Where(i => splits.Contains(plain.Items[i].Split))];
        var items = plain.Dataset with { Items = [.. chosen.Select(i => plain.Items[i])] };
        return new ViewedRun(plain, chosen, chosen.Length == 0 ? [] : [.. views.Select(view => embed(items, view))]);
    }

    /// <summary>
    /// The plain rows and behind them those of every view. A view's row has its item's answer, split and group (one for itself
    /// where the item has none), so that no fold and no held-out part divides an item from its views; the rows of an item together
    /// weigh what the item weighs. <see cref="EmbeddingSet.Views"/> tells views from plain rows.
    /// </summary>
    public EmbeddingSet ToSet()
    {
        var set = Plain.ToSet();
        if (Views.Count == 0)
        {
            return set;
        }

        int[][] items = [.. Views.Select(Items)];
        int[] rows = new int[set.Count];
        Array.Fill(rows, 1);
        foreach (int item in items.SelectMany(of => of))
        {
            rows[item]++;
        }

        set = set with
        {
            Weights = [.. rows.Select((count, i) => (set.Weights.Length == 0 ? 1 : set.Weights[i]) / count)],
            Groups = set.Groups.Length > 0 ? set.Groups : [.. rows.Select((_, i) => $"\u0000{i}")],
            Views = new int[set.Count],
        };
        return EmbeddingSet.Stack([set, .. Views.Select((view, v) => set.Subset(items[v]) with
        {
            Rows = view.ToSet().Rows,
            Views = [.. Enumerable.Repeat(v + 1, items[v].Length)],
        })]);
    }

    /// <summary>Of each row of <see cref="ToSet"/> the number of its item within those of <see cref="Plain"/>.</summary>
    public IReadOnlyList<int> RowItems => [.. Enumerable.Range(0, Plain.Items.Count), .. Views.SelectMany(Items)];

    /// <summary>
    /// What answers are averaged over: the plain rows of those items of which every view has an embedding, and the rows of each view
    /// in the same order.
    /// </summary>
    public (EmbeddingSet Plain, IReadOnlyList<EmbeddingSet> Views) Aligned()
    {
        int[][] items = [.. Views.Select(Items)];
        int[] shared = [.. items.Aggregate(_chosen.AsEnumerable(), (kept, of) => kept.Intersect(of))];
        var rows = items.Select(of => of.Index().ToDictionary(entry => entry.Item, entry => entry.Index)).ToArray();
        return (Plain.ToSet().Subset(shared), [.. Views.Select((view, v) => view.ToSet().Subset(Array.ConvertAll(shared, item => rows[v][item])))]);
    }

    // The numbers of a view's items, of which some may have failed, within the plain run's.
    private int[] Items(EmbedRun view) => [.. view.Places.Select(place => _chosen[place])];
}
