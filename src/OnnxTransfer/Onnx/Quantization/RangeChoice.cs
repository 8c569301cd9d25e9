namespace OnnxTransfer.Onnx.Quantization;

/// <summary>Ranges from histograms, after onnxruntime.quantization's HistogramCollector (calibrate.py, version 1.16).</summary>
internal static class RangeChoice
{
    // Levels that the entropy method tells apart over the whole range, of either sign.
    private const int Levels = 128;

    // What empty bins get of full ones, so that the divergence is finite.
    private const double Smoothing = 1e-4;

    /// <summary>The range by <paramref name="method"/>; never wider than the values were.</summary>
    public static ValueRange Of(ActivationHistogram histogram, CalibrationMethod method, double percentile) => method switch
    {
        CalibrationMethod.MinMax => histogram.Range,
        CalibrationMethod.Percentile => Percentile(histogram, percentile).Within(histogram.Range),
        _ => Entropy(histogram).Within(histogram.Range),
    };

    /// <summary>Cuts (100 - percentile) / 2 per cent of the values at either end, to the edge of a bin.</summary>
    private static ValueRange Percentile(ActivationHistogram histogram, double percentile)
    {
        var counts = histogram.Counts();
        double total = counts.Sum();
        var cut = (100 - percentile) / 200;
        var (low, high, sum) = (-1, ActivationHistogram.Bins - 1, 0L);
        for (var bin = 0; bin < counts.Length; bin++)
        {
            sum += counts[bin];
            low = low < 0 && sum / total >= cut ? bin : low;
            if (sum / total >= 1 - cut)
            {
                high = bin;
                break;
            }
        }

        return new(histogram.Edge(low), histogram.Edge(high));
    }

    /// <summary>
    /// Of all windows around 0, the one whose distribution, outliers moved to its ends, differs least from itself in 128
    /// levels. Expanded levels are kept as real numbers, where calibrate.py cuts them to whole counts.
    /// </summary>
    private static ValueRange Entropy(ActivationHistogram histogram)
    {
        var counts = histogram.Counts();
        var middle = counts.Length / 2;
        var (best, least) = (middle, double.PositiveInfinity);
        for (var half = Levels / 2; half <= middle; half++)
        {
            var (start, end) = (middle - half, Math.Min(middle + half + 1, counts.Length));
            var divergence = Divergence(counts, start, end);
            if (divergence < least)
            {
                (best, least) = (half, divergence);
            }
        }

        return new(histogram.Edge(middle - best), histogram.Edge(Math.Min(middle + best + 1, counts.Length)));
    }

    private static double Divergence(long[] counts, int start, int end)
    {
        var window = counts.AsSpan(start, end - start);
        var expected = new double[window.Length];
        for (var i = 0; i < window.Length; i++)
        {
            expected[i] = window[i];
        }

        foreach (var count in counts.AsSpan(0, start))
        {
            expected[0] += count;
        }

        foreach (var count in counts.AsSpan(end))
        {
            expected[^1] += count;
        }

        return Divergence(Smooth(expected), Smooth(Expanded(window, expected)));
    }

    /// <summary>The window in 128 levels, each spread again over those of its bins that hold anything.</summary>
    private static double[] Expanded(ReadOnlySpan<long> window, double[] expected)
    {
        var expanded = new double[window.Length];
        var merged = window.Length / Levels;
        for (var level = 0; level < Levels; level++)
        {
            var first = level * merged;
            long sum = 0;
            foreach (var count in window[first..(level == Levels - 1 ? window.Length : first + merged)])
            {
                sum += count;
            }

            var held = expected.AsSpan(first, merged);
            var full = held.Length - held.Count(0.0);
            if (full > 0)
            {
                expanded.AsSpan(first, merged).Fill((double)sum / full);
            }
        }

        return expanded;
    }

    /// <summary>Empty bins get 1e-4, taken evenly from the others; null where there are no others.</summary>
    private static double[]? Smooth(double[] distribution)
    {
        var empty = distribution.Count(value => value == 0);
        var full = distribution.Length - empty;
        return full == 0 ? null : Array.ConvertAll(distribution, value => value == 0 ? Smoothing : value - (Smoothing * empty / full));
    }

    /// <summary>sum p ln(p / q) of the two, each brought to sum 1 (scipy.stats.entropy).</summary>
    private static double Divergence(double[]? p, double[]? q)
    {
        if (p is null || q is null)
        {
            return double.PositiveInfinity;
        }

        var (sumP, sumQ, divergence) = (p.Sum(), q.Sum(), 0.0);
        for (var i = 0; i < p.Length; i++)
        {
            divergence += p[i] <= 0 ? 0 : p[i] / sumP * Math.Log(p[i] / sumP * sumQ / q[i]);
        }

        return divergence;
    }
}
