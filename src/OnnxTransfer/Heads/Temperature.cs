using OnnxTransfer.Embeddings;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Heads;

/// <summary>
/// Temperature scaling (Guo et al. 2017): one number T that logits are divided by, so that probabilities say how often an
/// answer is right. The most probable class stays the same.
/// </summary>
public static class Temperature
{
    private const double Lowest = 1e-6, Highest = 100;

    /// <summary>
    /// The T at which the mean log loss of <paramref name="validation"/> is least; weights are honoured. Logits are those of a
    /// linear head, or logarithms of the probabilities (clipped, see <see cref="TemperedHead"/>). 1 where no row is answered
    /// wrongly: then the lower the better, and no T is the best. Of more than 2,000,000 probabilities evenly spaced rows are looked at.
    /// </summary>
    /// <param name="head">A head of classes or labels.</param>
    /// <param name="validation">Rows the head was not fitted on, with labels or label sets.</param>
    /// <exception cref="ArgumentException">The head predicts values, the rows have no labels, or a probability is not finite.</exception>
    public static double Fit(IHead head, EmbeddingSet validation) => Find(head, validation).Temperature;

    /// <summary>
    /// The head with its logits divided by T: a <see cref="LinearHead"/> stays one, with smaller or larger weights; any other
    /// becomes a <see cref="TemperedHead"/>. The head itself where T is 1.
    /// </summary>
    /// <param name="head">A head of classes or labels.</param>
    /// <param name="temperature">T, above 0.</param>
    /// <exception cref="ArgumentException">The head predicts values, or T is not a number above 0.</exception>
    public static IHead Apply(IHead head, double temperature)
    {
        CheckTask(head);
        if (!(temperature > 0 && double.IsFinite(temperature)))
        {
            throw new ArgumentException($"the temperature is {temperature}; expected a finite number above 0", nameof(temperature));
        }

        return temperature == 1 ? head
            : head is LinearHead linear ? new LinearHead(Divided(linear.Weights, temperature), Divided(linear.Bias, temperature), linear.Activation, linear.Classes)
            : new TemperedHead(head, temperature);
    }

    /// <summary>The same as <see cref="Fit"/>, and why it is 1 or an end of what is tried, where it is.</summary>
    internal static (double Temperature, string? Note) Find(IHead head, EmbeddingSet validation)
    {
        CheckTask(head);
        int[][] members = Members(head, validation);
        int[] picked = ScoreTemperature.Sample(members.Length, head.Outputs);
        var rows = validation.Subset(picked);
        members = Array.ConvertAll(picked, i => members[i]);
        double[] scores = Scores(head, rows.Rows);
        if (NoneIsWrong(scores, members, head))
        {
            return (1, "no validation row is answered wrongly, so that no temperature is the best; T = 1 was taken");
        }

        double[] weights = rows.Weights.Length > 0 ? rows.Weights : [.. Enumerable.Repeat(1.0, rows.Count)];
        double found = ScoreTemperature.Undoubted(scores, members, weights, head.Outputs, head.Task == HeadTask.Labels, Lowest, Highest);
        return (found, found > 0.999 * Highest ? $"T = {Highest} is the highest tried: the validation rows are answered no better than by chance" : null);
    }

    private static void CheckTask(IHead head)
    {
        if (head.Task == HeadTask.Values)
        {
            throw new ArgumentException("the head predicts values, which have no temperature; expected a head of classes or labels", nameof(head));
        }
    }

    // The right outputs of every row, ascending.
    private static int[][] Members(IHead head, EmbeddingSet set)
    {
        int[][] members = head.Task == HeadTask.Labels
            ? Array.ConvertAll(set.LabelSets, labels => labels.Order().ToArray())
            : Array.ConvertAll(set.Labels, label => new[] { label });
        if (members.Length != set.Count || set.Count == 0 || members.Any(row => row.Any(label => (uint)label >= (uint)head.Outputs)))
        {
            throw new ArgumentException(
                $"{set.Count} rows with {members.Length} of the labels that the head predicts; expected at least one row, and for each a label of 0 to {head.Outputs - 1}",
                nameof(set));
        }

        return members;
    }

    private static double[] Scores(IHead head, IRows rows)
    {
        float[] outputs = head is LinearHead linear
            ? new LinearHead(linear.Weights, linear.Bias, Activation.Identity, [], linear.Classes).Predict(rows).Values
            : head.Predict(rows).Values;
        double[] scores = head is LinearHead
            ? Array.ConvertAll(outputs, output => (double)output)
            : Array.ConvertAll(outputs, probability => TemperedHead.Score(probability, head.Task));
        int bad = Array.FindIndex(scores, score => !double.IsFinite(score));
        return bad < 0 ? scores : throw new ArgumentException($"the head answers row {bad / head.Outputs} with a NaN or infinite value; expected finite numbers");
    }

    // Then the loss falls without end as T goes to 0. Of equal scores none is wrong.
    private static bool NoneIsWrong(double[] scores, int[][] members, IHead head)
    {
        for (int i = 0; i < scores.Length; i++)
        {
            int[] right = members[i / head.Outputs];
            bool isMember = Array.BinarySearch(right, i % head.Outputs) >= 0;
            if (head.Task == HeadTask.Labels ? scores[i] * (isMember ? 1 : -1) < 0 : scores[i] > scores[i - (i % head.Outputs) + right[0]])
            {
                return false;
            }
        }

        return true;
    }

    private static float[] Divided(float[] values, double temperature) => Array.ConvertAll(values, value => (float)(value / temperature));
}
