namespace OnnxTransfer.Heads;

/// <summary>
/// Where targets lie and how far they spread, whatever a few of them say: y' = (y - centre) / scale is what robust trainers
/// fit, so that neither unit nor outliers decide what an L2 means.
/// </summary>
/// <param name="Centre">The weighted median: the least value that at least half of the weight does not exceed.</param>
/// <param name="Scale">
/// 1.4826 x the weighted median distance from it, the standard deviation of normal targets (Huber 1981); the mean distance
/// where more than half of the targets are equal, 1 where all are.
/// </param>
internal sealed record RobustScale(double Centre, double Scale)
{
    /// <summary>Measures N targets of N weights (none: all 1).</summary>
    public static RobustScale Of(double[] targets, double[] weights)
    {
        double centre = Median(targets, weights);
        double[] distances = Array.ConvertAll(targets, target => Math.Abs(target - centre));
        double scale = 1.4826 * Median(distances, weights);
        if (!(scale > 1e-12 * Math.Abs(centre)))
        {
            double total = weights.Length == 0 ? targets.Length : weights.Sum();
            scale = distances.Select((distance, i) => distance / total * (weights.Length == 0 ? 1 : weights[i])).Sum();
        }

        return new RobustScale(centre, scale > 1e-12 * Math.Abs(centre) ? scale : 1);
    }

    private static double Median(double[] values, double[] weights)
    {
        int[] order = [.. Enumerable.Range(0, values.Length)];
        Array.Sort([.. values], order);
        double half = 0.5 * (weights.Length == 0 ? values.Length : weights.Sum()), sum = 0;
        foreach (int i in order)
        {
            sum += weights.Length == 0 ? 1 : weights[i];
            if (sum >= half)
            {
                return values[i];
            }
        }

        return values[order[^1]];
    }
}
