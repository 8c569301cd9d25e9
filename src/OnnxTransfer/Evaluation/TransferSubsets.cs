using OnnxTransfer.Datasets;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Evaluation;

/// <summary>
/// Nested, stratified parts of a data set's labels: the items of a smaller share are among those of every larger one, so that a
/// curve over shares shows what further labels bring and not which were drawn. Every class, or label, keeps at least one
/// item; items of a group stay together; numbers to predict are drawn evenly, at least two.
/// </summary>
internal sealed class TransferSubsets
{
    private const int LeastValues = 2;

    private readonly List<Stratum> _strata = [];

    /// <summary>Draws the order in which items of train and validation splits, alike, become known.</summary>
    public TransferSubsets(Dataset data, long seed)
    {
        int[] labelled = [.. Enumerable.Range(0, data.Items.Count).Where(i => data.Items[i].Split != Split.Test)];
        int[] strata = data.IsMultiLabel
            ? RarestLabel.Of([.. labelled.Select(i => data.Items[i].LabelSet)], data.Classes.Count)
            : [.. labelled.Select(i => data.IsRegression ? 0 : data.Items[i].Label)];
        int[][] units =
        [
            .. labelled.Index().GroupBy(item => data.Items[item.Item].Group ?? $"\u0000{item.Item}", StringComparer.Ordinal).Select(group => group.Select(item => item.Index).ToArray()),
        ];
        var covered = new HashSet<int>();
        foreach (var stratum in units.GroupBy(unit => strata[unit[0]]).OrderBy(stratum => stratum.Key))
        {
            int[][] order = [.. stratum];
            new SeededRandom(unchecked((seed * 1_000_003L) + stratum.Key)).Shuffle<int[]>(order);
            int first = data.IsRegression ? Math.Min(LeastValues, order.Length) : 1;
            foreach (int[] unit in order.Take(first))
            {
                covered.UnionWith(unit.SelectMany(Classes));
            }

            _strata.Add(new Stratum([.. order.Select(unit => Array.ConvertAll(unit, place => labelled[place]))], first));
        }

        // A class may be found only in groups, or beside labels, of other strata: the first of these come first there.
        for (int c = 0; c < data.Classes.Count; c++)
        {
            if (covered.Contains(c) || _strata.Find(stratum => Array.Exists(stratum.Units, Bears)) is not { } stratum)
            {
                continue;
            }

            int place = Array.FindIndex(stratum.Units, Bears);
            int[] unit = stratum.Units[place];
            Array.Copy(stratum.Units, stratum.Least, stratum.Units, stratum.Least + 1, place - stratum.Least);
            stratum.Units[stratum.Least++] = unit;
            covered.UnionWith(unit.SelectMany(ClassesOf));

            bool Bears(int[] unit) => Array.Exists(unit, i => ClassesOf(i).Contains(c));
        }

        IEnumerable<int> Classes(int place) => ClassesOf(labelled[place]);
        IEnumerable<int> ClassesOf(int item) => data.IsMultiLabel ? data.Items[item].LabelSet : [data.Items[item].Label];
    }

    /// <summary>The places of the items within a share of the labels; ascending.</summary>
    public int[] At(double share) => [.. _strata
        .SelectMany(stratum => stratum.Units.Take(Math.Max(stratum.Least, (int)Math.Round(share * stratum.Units.Length, MidpointRounding.AwayFromZero))))
        .SelectMany(unit => unit)
        .Order()];

    // Units in the order in which they become known; the first of them are known at any share.
    private sealed class Stratum(int[][] units, int least)
    {
        public int[][] Units { get; } = units;

        public int Least { get; set; } = least;
    }
}
