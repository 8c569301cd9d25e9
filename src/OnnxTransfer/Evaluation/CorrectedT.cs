using MathNet.Numerics.Distributions;

namespace OnnxTransfer.Evaluation;

/// <summary>
/// Student's t for scores of cross-validated folds. Folds share train rows, so that their plain variance is too small;
/// Nadeau and Bengio (2003) put (1/J + test/train) in the place of 1/J, J the number of folds over all repetitions.
/// </summary>
internal static class CorrectedT
{
    /// <summary>The 95 % interval of the mean of one value a fold.</summary>
    public static Interval Interval(double[] values, double testPerTrain)
    {
        double mean = values.Average(), error = StandardError(values, testPerTrain);
        double reach = values.Length < 2 ? double.NaN : StudentT.InvCDF(0, 1, values.Length - 1, 0.975) * error;
        return new Interval(mean - reach, mean + reach);
    }

    /// <summary>
    /// The two-sided probability of a mean difference at least as far from 0, were there none; <paramref name="differences"/> are
    /// of the same folds. 1 where all are 0.
    /// </summary>
    public static double PValue(double[] differences, double testPerTrain)
    {
        double mean = differences.Average(), error = StandardError(differences, testPerTrain);
        if (differences.Length < 2)
        {
            return double.NaN;
        }

        return error > 0 ? 2 * StudentT.CDF(0, 1, differences.Length - 1, -Math.Abs(mean) / error) : mean == 0 ? 1 : 0;
    }

    private static double StandardError(double[] values, double testPerTrain)
    {
        double mean = values.Average();
        double variance = values.Sum(value => (value - mean) * (value - mean)) / (values.Length - 1);
        return Math.Sqrt(((1.0 / values.Length) + testPerTrain) * variance);
    }
}
