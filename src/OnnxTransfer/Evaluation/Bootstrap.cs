using OnnxTransfer.Numerics;

namespace OnnxTransfer.Evaluation;

/// <summary>
/// The percentile bootstrap for scores that are functions of sums over rows. Groups are resampled whole, because rows of
/// one group err together; rows where there are no groups.
/// </summary>
internal static class Bootstrap
{
    /// <summary>Resamples behind every interval.</summary>
    public const int Resamples = 2000;

    /// <summary>
    /// The interval of <paramref name="score"/>, a function of column sums. <paramref name="columns"/>: per column one
    /// value per row.
    /// </summary>
    public static Interval Of(double[][] columns, string[] groups, long seed, Func<double[], double> score)
    {
        int rows = columns[0].Length;
        int[][] members = FoldAssignment.Members(rows, groups);
        var units = new double[members.Length * columns.Length];
        for (int u = 0; u < members.Length; u++)
        {
            for (int c = 0; c < columns.Length; c++)
            {
                units[(u * columns.Length) + c] = members[u].Sum(row => columns[c][row]);
            }
        }

        var random = new SeededRandom(seed);
        var scores = new double[Resamples];
        var sums = new double[columns.Length];
        for (int resample = 0; resample < Resamples; resample++)
        {
            Array.Clear(sums);
            for (int draw = 0; draw < members.Length; draw++)
            {
                int unit = random.NextInt(members.Length) * sums.Length;
                for (int c = 0; c < sums.Length; c++)
                {
                    sums[c] += units[unit + c];
                }
            }

            scores[resample] = score(sums);
        }

        return Middle(scores);
    }

    /// <summary>
    /// The interval of any other score from 0 to 1: <paramref name="score"/> is told how often each row was drawn, by several
    /// threads at once. The resamples are moved to have <paramref name="found"/>, the score of the rows themselves, as mean.
    /// </summary>
    public static Interval OfCounts(int rows, string[] groups, long seed, int resamples, double found, Func<int[], double> score)
    {
        int[][] members = FoldAssignment.Members(rows, groups);
        var random = new SeededRandom(seed);
        long[] seeds = [.. Enumerable.Range(0, resamples).Select(_ => (long)random.NextULong())];
        var scores = new double[resamples];
        Parallel.For(0, resamples, () => new int[rows], (resample, _, counts) =>
        {
            Array.Clear(counts);
            var draws = new SeededRandom(seeds[resample]);
            for (int draw = 0; draw < members.Length; draw++)
            {
                foreach (int row in members[draws.NextInt(members.Length)])
                {
                    counts[row]++;
                }
            }

            scores[resample] = score(counts);
            return counts;
        }, _ => { });
        double shift = found - scores.Where(value => !double.IsNaN(value)).DefaultIfEmpty(found).Average();
        return Middle(Array.ConvertAll(scores, value => double.IsNaN(value) ? value : Math.Clamp(value + shift, 0, 1)));
    }

    /// <summary>The quantile of sorted values, linear between neighbours (numpy's default); infinite values may stand at the ends.</summary>
    public static double Quantile(double[] sorted, double part)
    {
        double place = part * (sorted.Length - 1);
        int below = (int)place;
        int above = Math.Min(below + 1, sorted.Length - 1);
        double share = place - below;
        return share == 0 || sorted[below] == sorted[above] ? sorted[below] : sorted[below] + (share * (sorted[above] - sorted[below]));
    }

    private static Interval Middle(double[] scores)
    {
        double[] defined = [.. scores.Where(value => !double.IsNaN(value)).Order()];
        return defined.Length == 0 ? new Interval(double.NaN, double.NaN) : new Interval(Quantile(defined, 0.025), Quantile(defined, 0.975));
    }
}
