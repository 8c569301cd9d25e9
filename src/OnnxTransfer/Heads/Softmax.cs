namespace OnnxTransfer.Heads;

/// <summary>Logits to probabilities, in float64 inside.</summary>
internal static class Softmax
{
    /// <summary>Logits become probabilities that sum to 1.</summary>
    public static void Apply(Span<float> logits)
    {
        float largest = Largest(logits);
        double sum = 0;
        foreach (float logit in logits)
        {
            sum += Math.Exp((double)logit - largest);
        }

        for (int c = 0; c < logits.Length; c++)
        {
            logits[c] = (float)(Math.Exp((double)logits[c] - largest) / sum);
        }
    }

    /// <summary>Logits become probabilities, each for itself.</summary>
    public static void ApplyEach(Span<float> logits)
    {
        for (int c = 0; c < logits.Length; c++)
        {
            logits[c] = (float)(1 / (1 + Math.Exp(-(double)logits[c])));
        }
    }

    private static float Largest(ReadOnlySpan<float> values)
    {
        float largest = float.NegativeInfinity;
        foreach (float value in values)
        {
            largest = Math.Max(largest, value);
        }

        return largest;
    }
}
