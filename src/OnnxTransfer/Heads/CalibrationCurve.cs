namespace OnnxTransfer.Heads;

/// <summary>How often answers of a given confidence are right (Guo et al. 2017).</summary>
internal static class CalibrationCurve
{
    /// <summary>Parts that confidences are sorted into; part m holds those above (m - 1) / 15 and up to m / 15.</summary>
    public const int Bins = 15;

    /// <summary>The curve of some answers: the confidence of each, and whether it is right.</summary>
    public static IReadOnlyList<CalibrationBin> Of(IEnumerable<(double Confidence, bool IsRight)> answers)
    {
        var counts = new int[Bins];
        double[] confidences = new double[Bins], right = new double[Bins];
        foreach (var (confidence, isRight) in answers)
        {
            int bin = Math.Clamp((int)Math.Ceiling(confidence * Bins) - 1, 0, Bins - 1);
            counts[bin]++;
            confidences[bin] += confidence;
            right[bin] += isRight ? 1 : 0;
        }

        return [.. counts.Select((count, bin) => new CalibrationBin(count, confidences[bin] / Math.Max(1, count), right[bin] / Math.Max(1, count)))];
    }

    /// <summary>The mean distance of accuracy from confidence, over all answers.</summary>
    public static double Error(IReadOnlyList<CalibrationBin> curve) =>
        curve.Sum(bin => bin.Count * Math.Abs(bin.Accuracy - bin.Confidence)) / Math.Max(1, curve.Sum(bin => bin.Count));
}
