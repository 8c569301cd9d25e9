namespace OnnxTransfer.Datasets;

/// <summary>
/// What rows of several labels are stratified by: of each row's labels the one that the fewest rows bear. A common label is
/// spread evenly by chance; a rare one is not, and a row has one stratum.
/// </summary>
internal static class RarestLabel
{
    /// <summary>The rarest label of every row, the first of equals; <paramref name="labels"/>, their number, for a row without any.</summary>
    public static int[] Of(IReadOnlyList<int[]> labelSets, int labels)
    {
        var counts = new int[labels];
        foreach (int label in labelSets.SelectMany(set => set))
        {
            counts[label]++;
        }

        return [.. labelSets.Select(set => set.Length == 0 ? labels : set.MinBy(label => counts[label]))];
    }
}
