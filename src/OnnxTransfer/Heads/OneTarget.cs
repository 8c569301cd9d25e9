using OnnxTransfer.Embeddings;

namespace OnnxTransfer.Heads;

/// <summary>What trainers of one number per row ask of their set and make of its targets.</summary>
internal static class OneTarget
{
    /// <summary>Every row has one finite target, positive where its logarithm is to be fitted.</summary>
    public static void Check(EmbeddingSet set, bool logTarget, string trainer)
    {
        if (set.TargetCount > 1)
        {
            throw new FitException(
                $"the set holds {set.TargetCount} targets per row ({string.Join(", ", set.TargetNames.Take(5))}); " +
                $"{trainer} fits one: fit a head for each, or RidgeRegression");
        }

        FitCheck.Targets(set, logTarget);
    }

    /// <summary>N targets, or their logarithms.</summary>
    public static double[] Of(EmbeddingSet set, bool logTarget) => logTarget ? Array.ConvertAll(set.Targets, Math.Log) : set.Targets;
}
