using OnnxTransfer.Numerics;

namespace OnnxTransfer.Datasets;

/// <summary>
/// Seeded splits that keep the shares of the classes and never tear a group apart. Items of several labels are stratified by
/// their rarest one, and a label that only one item bears stays where it can be learned. Numbers to predict are stratified
/// by nothing: their items are drawn evenly.
/// </summary>
public static class StratifiedSplit
{
    /// <summary>A train and a test part; where the source has its own test items, those are kept and the fraction is not used.</summary>
    /// <param name="dataset">What is to be split.</param>
    /// <param name="testFraction">Share of every class that goes to the test part, between 0 and 1.</param>
    /// <param name="seed">The same seed, the same split, on every machine.</param>
    public static (Dataset Train, Dataset Test) Split(this Dataset dataset, double testFraction = 0.2, int seed = 0)
    {
        var whole = dataset.HasOwnSplits ? dataset : dataset.Draw(Datasets.Split.Test, testFraction, seed);
        return (whole with { Items = [.. whole.Items.Where(item => item.Split != Datasets.Split.Test)] }, whole.Of(Datasets.Split.Test));
    }

    /// <summary>Moves a share of the train items of every class to <paramref name="to"/>; order and count of items stay.</summary>
    /// <exception cref="DatasetException">A class is too small to be in both parts; or, of several labels, all are.</exception>
    public static Dataset Draw(this Dataset dataset, Split to, double fraction, int seed)
    {
        if (fraction is <= 0 or >= 1 || double.IsNaN(fraction))
        {
            throw new ArgumentOutOfRangeException(nameof(fraction), fraction, "expected a share between 0 and 1, both excluded");
        }

        int[] strata = dataset.IsMultiLabel
            ? RarestLabel.Of([.. dataset.Items.Select(item => item.LabelSet)], dataset.Classes.Count)
            : [.. dataset.Items.Select(item => item.Label)];
        var units = Units(dataset, strata);
        var drawn = new bool[dataset.Items.Count];
        var any = false;
        foreach (var stratum in units.GroupBy(unit => unit.Label).OrderBy(stratum => stratum.Key))
        {
            var members = stratum.ToArray();
            if (members.Length < 2 && dataset.IsMultiLabel && units.Count > 1)
            {
                continue;
            }

            if (members.Length < 2)
            {
                throw TooSmall(dataset, stratum.Key, members[0], to);
            }

            new SeededRandom((seed * 1_000_003L) + stratum.Key).Shuffle(members.AsSpan());
            var take = Math.Clamp((int)Math.Round(members.Length * fraction), 1, members.Length - 1);
            any = true;
            foreach (var unit in members.AsSpan(0, take))
            {
                drawn[unit.First] = true;
                unit.Others?.ForEach(index => drawn[index] = true);
            }
        }

        if (dataset.IsMultiLabel && !any)
        {
            throw new DatasetException(
                $"{dataset.Source}: every label is the rarest of one item or group only, so that none can be drawn; add images, or give own splits");
        }

        return dataset with { Items = [.. dataset.Items.Select((item, i) => drawn[i] ? item with { Split = to } : item)] };
    }

    // The train items in their order; those of one group are one unit, where the first of them stands.
    private static List<Unit> Units(Dataset dataset, int[] strata)
    {
        var units = new List<Unit>(dataset.Items.Count);
        var groups = new Dictionary<string, List<int>>(StringComparer.Ordinal);
        for (var i = 0; i < dataset.Items.Count; i++)
        {
            var (split, group) = (dataset.Items[i].Split, dataset.Items[i].Group);
            if (split != Datasets.Split.Train)
            {
                continue;
            }

            if (group is not null && groups.TryGetValue(group, out var others))
            {
                others.Add(i);
                continue;
            }

            units.Add(new Unit(strata[i], i, group is null ? null : groups[group] = []));
        }

        return units;
    }

    private static DatasetException TooSmall(Dataset dataset, int label, Unit only, Split to)
    {
        var what = label < 0 || dataset.IsMultiLabel ? "there is only one item" : $"class '{dataset.Classes[label]}' has only one";
        var unit = only.Others?.Count > 0 ? "group" : "image";
        var where = to == Datasets.Split.Test ? "test" : "validation";
        return new DatasetException(
            $"{dataset.Source}: {what} {unit} ({dataset.Items[only.First].Name}); a {where} split needs two or more of every class: add images, take the class out, or give own splits");
    }

    /// <summary>What is drawn whole: an item, or all items of a group.</summary>
    private readonly record struct Unit(int Label, int First, List<int>? Others);
}
