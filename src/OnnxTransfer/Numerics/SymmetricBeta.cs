namespace OnnxTransfer.Numerics;

/// <summary>Beta(a, a): shares around one half for a large, near 0 or 1 for a small.</summary>
internal static class SymmetricBeta
{
    /// <summary>Draws a share: X / (X + Y) of two Gamma(a) draws, in logarithms, since those of a small a leave a double's range.</summary>
    public static double Next(SeededRandom random, double a)
    {
        double x = LogGamma(random, a), y = LogGamma(random, a);
        return 1 / (1 + Math.Exp(y - x));
    }

    // Marsaglia and Tsang 2000; below 1 by their boost, Gamma(a) = Gamma(a + 1) U^(1/a).
    private static double LogGamma(SeededRandom random, double a)
    {
        if (a < 1)
        {
            return LogGamma(random, a + 1) + (Math.Log(1 - random.NextDouble()) / a);
        }

        double d = a - (1.0 / 3), c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            double normal = random.NextGaussian(), cube = 1 + (c * normal);
            cube *= cube * cube;
            if (cube > 0 && Math.Log(1 - random.NextDouble()) < (0.5 * normal * normal) + d - (d * cube) + (d * Math.Log(cube)))
            {
                return Math.Log(d * cube);
            }
        }
    }
}
