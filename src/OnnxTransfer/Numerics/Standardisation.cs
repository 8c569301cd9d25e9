namespace OnnxTransfer.Numerics;

/// <summary>
/// z = (x - mean) x scale per column, over the fit rows. A constant column gets scale 0: it says nothing and gets no
/// weight. Applied block by block while fitting, so that the embeddings are never copied as a whole.
/// </summary>
/// <param name="Mean">D weighted means.</param>
/// <param name="Scale">D inverse standard deviations (weighted, divided by the sum of weights, as scikit-learn's StandardScaler).</param>
internal sealed record Standardisation(double[] Mean, double[] Scale)
{
    // A column whose spread is below float32's resolution of its values holds nothing but rounding.
    private const double Resolution = 1.2e-7;

    /// <summary>Measures <paramref name="rows"/>; <paramref name="scale"/> false: centres only.</summary>
    public static Standardisation Of(IRows rows, double[] weights, bool scale, int threads, CancellationToken cancellation)
    {
        double total = weights.Length == 0 ? rows.Count : weights.Sum();
        double[] mean = Sums(rows, weights, null, threads, cancellation);
        Divide(mean, total);
        double[] deviation = Sums(rows, weights, mean, threads, cancellation);
        Divide(deviation, total);
        for (int j = 0; j < mean.Length; j++)
        {
            double spread = Math.Sqrt(deviation[j]);
            bool isConstant = spread <= Resolution * Math.Abs(mean[j]) || spread < 1e-30;
            deviation[j] = isConstant ? 0 : scale ? 1 / spread : 1;
        }

        return new Standardisation(mean, deviation);
    }

    /// <summary>The same with values that float32 can hold: what a float32 fit applies, so that folding undoes it exactly.</summary>
    public Standardisation InSingle() => new(
        Array.ConvertAll(Mean, value => (double)(float)value), Array.ConvertAll(Scale, value => (double)(float)value));

    /// <summary>Turns k x D weights and k biases of standardised embeddings into those of raw embeddings, in place.</summary>
    public void Fold(Span<double> weights, Span<double> bias)
    {
        int width = Mean.Length;
        for (int c = 0; c < bias.Length; c++)
        {
            var row = weights.Slice(c * width, width);
            for (int j = 0; j < width; j++)
            {
                row[j] *= Scale[j];
                bias[c] -= row[j] * Mean[j];
            }
        }
    }

    // Per column the sum of w x, or with a mean that of w (x - mean)².
    private static double[] Sums(IRows rows, double[] weights, double[]? mean, int threads, CancellationToken cancellation)
    {
        int width = rows.Width, chunks = Chunks.Count(rows.Count, 8L * width);
        var partial = new double[chunks][];
        var options = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation };
        Parallel.For(0, chunks, options, chunk =>
        {
            var sum = new double[width];
            for (int i = Chunks.Start(chunk, chunks, rows.Count); i < Chunks.Start(chunk + 1, chunks, rows.Count); i++)
            {
                var row = rows[i];
                double weight = weights.Length == 0 ? 1 : weights[i];
                for (int j = 0; j < sum.Length; j++)
                {
                    double centred = row[j] - (mean is null ? 0 : mean[j]);
                    sum[j] += weight * (mean is null ? centred : centred * centred);
                }
            }

            partial[chunk] = sum;
        });
        for (int chunk = 1; chunk < chunks; chunk++)
        {
            DoubleProducts.AddScaled(1, partial[chunk], partial[0]);
        }

        return partial[0];
    }

    private static void Divide(double[] values, double divisor)
    {
        for (int j = 0; j < values.Length; j++)
        {
            values[j] /= divisor;
        }
    }
}
