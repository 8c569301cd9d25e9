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

    /// <summary>
    /// Log loss of one row; logits become the loss's gradient by logit: weight x (probability - 1 for the label).
    /// </summary>
    public static double Loss(Span<double> logits, int label, double weight)
    {
        double largest = double.NegativeInfinity;
        foreach (double logit in logits)
        {
            largest = Math.Max(largest, logit);
        }

        double sum = 0, labelled = logits[label] - largest;
        for (int c = 0; c < logits.Length; c++)
        {
            logits[c] = Math.Exp(logits[c] - largest);
            sum += logits[c];
        }

        for (int c = 0; c < logits.Length; c++)
        {
            logits[c] *= weight / sum;
        }

        logits[label] -= weight;
        return weight * (Math.Log(sum) - labelled);
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
