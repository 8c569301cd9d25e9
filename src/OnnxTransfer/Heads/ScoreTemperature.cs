namespace OnnxTransfer.Heads;

/// <summary>
/// The temperature T at which softmax(score / T), or for labels the logistic function of score / T, explains rows best
/// (Guo et al. 2017). Every row is right with probability (n + 1) / (n + 2) only, n the number of rows, so that rows
/// without an error do not make probabilities of 0 and 1 (Platt 1999).
/// </summary>
internal static class ScoreTemperature
{
    private const int MostScores = 2_000_000; // enough for one number; more rows are thinned out evenly
    private const double Range = 1e4;         // 1 / T lies within this factor of the scores' spread

    /// <summary>The rows of <paramref name="count"/> that are looked at: all, or evenly spaced ones.</summary>
    public static int[] Sample(int count, int outputs)
    {
        int most = Math.Max(1, Math.Min(count, MostScores / outputs));
        return [.. Enumerable.Range(0, most).Select(i => (int)((long)i * count / most))];
    }

    /// <summary>Finds T by Newton's method between bounds; the objective is convex in 1 / T.</summary>
    /// <param name="scores">n x k scores.</param>
    /// <param name="members">The right columns of every row: one, or for labels any number.</param>
    /// <param name="weights">n weights.</param>
    /// <param name="outputs">k.</param>
    /// <param name="labels">Every column for itself.</param>
    /// <returns>T and the mean log loss at it.</returns>
    public static (double Temperature, double Loss) Fit(double[] scores, int[][] members, double[] weights, int outputs, bool labels)
    {
        double spread = Spread(scores, outputs, labels);
        if (!(spread > 0))
        {
            return (1, Sums(scores, members, weights, outputs, labels, 1).Loss);
        }

        double inverse = Inverse(scores, members, weights, outputs, labels, Doubt(members), 1 / (Range * spread), Range / spread, 1 / spread);
        return (1 / inverse, Sums(scores, members, weights, outputs, labels, inverse).Loss);
    }

    /// <summary>T without any doubt about the rows, within bounds: what Guo et al. fit. The other parameters are those of <see cref="Fit"/>.</summary>
    public static double Undoubted(double[] scores, int[][] members, double[] weights, int outputs, bool labels, double lowest, double highest) =>
        1 / Inverse(scores, members, weights, outputs, labels, 0, 1 / highest, 1 / lowest, 1);

    /// <summary>The mean log loss at a given T.</summary>
    public static double Loss(double[] scores, int[][] members, double[] weights, int outputs, bool labels, double temperature) =>
        Sums(scores, members, weights, outputs, labels, 1 / temperature).Loss;

    private static double Doubt(int[][] members) => 1.0 / (members.Length + 2);

    private static double Inverse(
        double[] scores, int[][] members, double[] weights, int outputs, bool labels, double doubt, double low, double high, double inverse)
    {
        for (int i = 0; i < 100 && high - low > 1e-10 * high; i++)
        {
            var (_, slope, curvature) = Sums(scores, members, weights, outputs, labels, inverse, doubt);
            (low, high) = slope > 0 ? (low, inverse) : (inverse, high);
            double step = inverse - (slope / curvature);
            if (Math.Abs(step - inverse) <= 1e-10 * inverse)
            {
                break;
            }

            inverse = step > low && step < high ? step : Math.Sqrt(low * high);
        }

        return inverse;
    }

    // Root of the mean square of the scores, for classes of their differences from a row's mean.
    private static double Spread(double[] scores, int outputs, bool labels)
    {
        double sum = 0;
        for (int first = 0; first < scores.Length; first += outputs)
        {
            var row = scores.AsSpan(first, outputs);
            double mean = 0;
            foreach (double score in row)
            {
                mean += labels ? 0 : score / outputs;
            }

            foreach (double score in row)
            {
                sum += (score - mean) * (score - mean);
            }
        }

        return Math.Sqrt(sum / scores.Length);
    }

    // The mean log loss as it is, and slope and curvature by 1 / T of the smoothed one.
    private static (double Loss, double Slope, double Curvature) Sums(
        double[] scores, int[][] members, double[] weights, int outputs, bool labels, double inverse, double doubt = 0)
    {
        double total = 0;
        var sums = (Loss: 0.0, Slope: 0.0, Curvature: 0.0);
        for (int i = 0; i < members.Length; i++)
        {
            var row = scores.AsSpan(i * outputs, outputs);
            var (loss, slope, curvature) = labels ? Each(row, members[i], inverse, doubt) : One(row, members[i][0], inverse, doubt);
            sums = (sums.Loss + (weights[i] * loss), sums.Slope + (weights[i] * slope), sums.Curvature + (weights[i] * curvature));
            total += weights[i];
        }

        return (sums.Loss / total, sums.Slope / total, sums.Curvature / total);
    }

    private static (double Loss, double Slope, double Curvature) One(ReadOnlySpan<double> row, int right, double inverse, double doubt)
    {
        double largest = double.NegativeInfinity, sum = 0, first = 0, second = 0, others = 0;
        foreach (double score in row)
        {
            largest = Math.Max(largest, score);
        }

        foreach (double score in row)
        {
            double part = Math.Exp(inverse * (score - largest));
            sum += part;
            first += part * (score - largest);
            second += part * (score - largest) * (score - largest);
            others += score - largest;
        }

        double own = row[right] - largest, mean = first / sum;
        double expected = ((1 - doubt) * own) + (doubt * (others - own) / Math.Max(1, row.Length - 1));
        return (Math.Log(sum) - (inverse * own), mean - expected, (second / sum) - (mean * mean));
    }

    private static (double Loss, double Slope, double Curvature) Each(ReadOnlySpan<double> row, int[] right, double inverse, double doubt)
    {
        double loss = 0, slope = 0, curvature = 0;
        int next = 0;
        for (int c = 0; c < row.Length; c++)
        {
            bool member = next < right.Length && right[next] == c;
            next += member ? 1 : 0;
            double score = row[c], exponential = Math.Exp(-Math.Abs(inverse * score));
            double probability = score >= 0 ? 1 / (1 + exponential) : exponential / (1 + exponential);
            loss += Math.Max(0, (member ? -1 : 1) * inverse * score) + Math.Log(1 + exponential);
            slope += (probability - (member ? 1 - doubt : doubt)) * score;
            curvature += probability * (1 - probability) * score * score;
        }

        return (loss / row.Length, slope / row.Length, curvature / row.Length);
    }
}
