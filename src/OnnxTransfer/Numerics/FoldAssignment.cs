namespace OnnxTransfer.Numerics;

/// <summary>
/// Deals rows into folds: groups stay whole, every class is spread as evenly as they allow. Groups go from large to small,
/// in seeded random order among equals, each to the fold that has least of its classes so far (the greedy rule of
/// scikit-learn's StratifiedGroupKFold, with squared shares as the measure).
/// </summary>
internal static class FoldAssignment
{
    /// <summary>
    /// The fold of every row. <paramref name="labels"/>: class per row, or empty (no classes); <paramref name="groups"/>:
    /// group per row, or empty (every row stands for itself).
    /// </summary>
    public static int[] Make(int rows, int[] labels, string[] groups, int folds, long seed)
    {
        int[][] members = Members(rows, groups);
        var random = new SeededRandom(seed);
        random.Shuffle<int[]>(members);
        int classes = labels.Length == 0 ? 1 : labels.Max() + 1;
        var totals = new double[classes];
        for (int i = 0; i < rows; i++)
        {
            totals[Class(labels, i)]++;
        }

        var filled = new double[folds, classes];
        var sizes = new int[folds];
        var result = new int[rows];
        foreach (int[] group in members.OrderByDescending(group => group.Length)) // OrderBy is stable
        {
            int best = 0;
            double bestCost = double.PositiveInfinity;
            var shares = group.GroupBy(i => Class(labels, i)).Select(c => (Class: c.Key, Count: c.Count())).ToArray();
            for (int fold = 0; fold < folds; fold++)
            {
                double cost = 0;
                foreach (var (label, count) in shares)
                {
                    cost += ((2 * filled[fold, label] * count) + ((double)count * count)) / (totals[label] * totals[label]);
                }

                if (cost < bestCost || (cost == bestCost && sizes[fold] < sizes[best]))
                {
                    (best, bestCost) = (fold, cost);
                }
            }

            foreach (int row in group)
            {
                filled[best, Class(labels, row)]++;
                result[row] = best;
            }

            sizes[best] += group.Length;
        }

        return result;
    }

    /// <summary>How many groups there are.</summary>
    public static int GroupCount(int rows, string[] groups) => groups.Length == 0 ? rows : groups.Distinct(StringComparer.Ordinal).Count();

    /// <summary>The rows of every group, groups in order of their first row.</summary>
    public static int[][] Members(int rows, string[] groups) => groups.Length == 0
        ? [.. Enumerable.Range(0, rows).Select(i => new[] { i })]
        : [.. Enumerable.Range(0, rows).GroupBy(i => groups[i], StringComparer.Ordinal).Select(group => group.ToArray())];

    private static int Class(int[] labels, int row) => labels.Length == 0 ? 0 : labels[row];
}
