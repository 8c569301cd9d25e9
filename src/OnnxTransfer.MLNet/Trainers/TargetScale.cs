using OnnxTransfer.Embeddings;
using OnnxTransfer.Heads;

namespace OnnxTransfer.MLNet;

/// <summary>
/// Targets as they are fitted, (y - centre) / unit, so that prices of millions and shares of a percent are learned alike:
/// ML.NET's learning rates and bounds on trees are made for numbers about 1.
/// </summary>
/// <param name="Fitted">The targets to fit.</param>
/// <param name="Centre">What is added to a score, in units of the target or its logarithm.</param>
/// <param name="Unit">What a score is multiplied by before.</param>
internal sealed record TargetScale(double[] Fitted, double Centre, double Unit)
{
    /// <summary>Mean and deviation of the targets, or of their logarithms.</summary>
    public static TargetScale Linear(EmbeddingSet set, bool logarithm)
    {
        double[] targets = OneTarget.Of(set, logarithm);
        double centre = Mean(targets, set.Weights);
        double spread = Math.Sqrt(Mean(Array.ConvertAll(targets, target => (target - centre) * (target - centre)), set.Weights));
        double unit = spread > 1e-12 * Math.Abs(centre) && spread > 1e-30 ? spread : 1;
        return new TargetScale(Array.ConvertAll(targets, target => (target - centre) / unit), centre, unit);
    }

    /// <summary>For trainers whose score is the logarithm of the target: its mean becomes 1, and ln(mean) is added to the score.</summary>
    public static TargetScale Logarithmic(EmbeddingSet set)
    {
        int negative = Array.FindIndex(set.Targets, target => target < 0);
        if (negative >= 0)
        {
            string name = negative < set.Names.Length ? $" ({set.Names[negative]})" : "";
            throw new FitException(
                $"row {negative}{name} has the target {set.Targets[negative]}; this trainer predicts the logarithm of a mean and needs targets of at least 0: " +
                "take another trainer or remove the row");
        }

        double mean = Mean(set.Targets, set.Weights);
        if (!(mean > 0))
        {
            throw new FitException("all targets are 0; this trainer predicts the logarithm of their mean: expected at least one above 0");
        }

        return new TargetScale(Array.ConvertAll(set.Targets, target => target / mean), Math.Log(mean), 1);
    }

    private static double Mean(double[] values, double[] weights)
    {
        double sum = 0, total = 0;
        for (int i = 0; i < values.Length; i++)
        {
            double weight = weights.Length == 0 ? 1 : weights[i];
            (sum, total) = (sum + (weight * values[i]), total + weight);
        }

        return sum / total;
    }
}
