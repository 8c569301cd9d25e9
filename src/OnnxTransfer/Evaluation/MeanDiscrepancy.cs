using OnnxTransfer.Numerics;

namespace OnnxTransfer.Evaluation;

/// <summary>
/// The distance between the mean embeddings of two samples in the space of a Gaussian kernel (Gretton et al. 2012): 0 in
/// expectation where both come from one distribution, above 0 where not, whatever the difference.
/// </summary>
/// <param name="Squared">
/// MMD², unbiased: mean of k(x, x') over pairs within the first sample + the same of the second - 2 x that across; may be
/// below 0.
/// </param>
/// <param name="Bandwidth">Sigma of k = exp(-|x - y|² / (2 sigma²)): the median distance over the pairs, of both samples, that differ.</param>
/// <param name="PValue">Part of the permutations of rows over the samples, the given one among them, that part them as far.</param>
internal sealed record MeanDiscrepancy(double Squared, double Bandwidth, double PValue)
{
    private const int Permutations = 499;

    /// <summary>Measures; m² kernel values are held in memory, m the rows of both samples.</summary>
    /// <param name="first">At least two rows.</param>
    /// <param name="second">At least two rows, as wide.</param>
    /// <param name="groups">Group of every row, the first sample's rows before the second's, or empty; permuted whole.</param>
    /// <param name="seed">Of the permutations.</param>
    /// <param name="cancellation">Ends the work with <see cref="OperationCanceledException"/>.</param>
    public static MeanDiscrepancy Of(IRows first, IRows second, string[] groups, long seed, CancellationToken cancellation)
    {
        int count = first.Count + second.Count;
        double[][] kernel = SquaredDistances(new StackedRows(first, second), cancellation);
        double bandwidth = Median(kernel);
        foreach (double[] row in kernel)
        {
            for (int j = 0; j < row.Length; j++)
            {
                row[j] = Math.Exp(-row[j] / (2 * bandwidth * bandwidth));
            }
        }

        double[] totals = Array.ConvertAll(kernel, row => row.Sum());
        double found = Estimate(kernel, totals, [.. Enumerable.Range(0, count).Select(i => i < first.Count ? 1.0 : 0)]);
        int[][] members = FoldAssignment.Members(count, groups);
        var random = new SeededRandom(seed);
        var orders = new int[Permutations][];
        for (int p = 0; p < Permutations; p++)
        {
            orders[p] = random.Permutation(members.Length);
        }

        int asFar = 1;
        Parallel.ForEach(orders, new ParallelOptions { CancellationToken = cancellation }, order =>
        {
            var isFirst = new double[count];
            foreach (int row in order.SelectMany(unit => members[unit]).Take(first.Count))
            {
                isFirst[row] = 1;
            }

            if (Estimate(kernel, totals, isFirst) >= found)
            {
                Interlocked.Increment(ref asFar);
            }
        });
        return new MeanDiscrepancy(found, bandwidth, asFar / (Permutations + 1.0));
    }

    // Row i holds the squared distances to rows 0 .. i - 1: each pair once.
    private static double[][] SquaredDistances(StackedRows rows, CancellationToken cancellation)
    {
        var values = new double[rows.Count][];
        var mean = new double[rows.Width];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = Array.ConvertAll(rows[i].ToArray(), value => (double)value);
            DoubleProducts.AddScaled(1.0 / values.Length, values[i], mean);
        }

        double[] squares = Array.ConvertAll(values, row =>
        {
            DoubleProducts.AddScaled(-1, mean, row); // centred, so that differences of products lose little
            return DoubleProducts.Dot(row, row);
        });
        var result = new double[values.Length][];
        Parallel.For(0, values.Length, new ParallelOptions { CancellationToken = cancellation }, i =>
        {
            result[i] = new double[i];
            for (int j = 0; j < i; j++)
            {
                result[i][j] = Math.Max(0, squares[i] + squares[j] - (2 * DoubleProducts.Dot(values[i], values[j])));
            }
        });
        return result;
    }

    // 1 where no pair differs: any bandwidth will do then.
    private static double Median(double[][] squared)
    {
        double[] sorted = [.. squared.SelectMany(row => row).Where(value => value > 0).Select(Math.Sqrt)];
        Array.Sort(sorted);
        return sorted.Length == 0 ? 1 : Bootstrap.Quantile(sorted, 0.5);
    }

    // isFirst: 1 for rows of the first sample, 0 for the others; totals: the sum of each kernel row.
    private static double Estimate(double[][] kernel, double[] totals, double[] isFirst)
    {
        double within = 0, withinOther = 0, across = 0, m = isFirst.Sum(), n = isFirst.Length - m;
        for (int i = 0; i < kernel.Length; i++)
        {
            double toFirst = DoubleProducts.Dot(kernel[i], isFirst), toSecond = totals[i] - toFirst;
            across += isFirst[i] == 1 ? toSecond : toFirst;
            within += isFirst[i] == 1 ? toFirst : 0;
            withinOther += isFirst[i] == 1 ? 0 : toSecond;
        }

        return (2 * within / (m * (m - 1))) + (2 * withinOther / (n * (n - 1))) - (2 * across / (m * n));
    }
}
