using System.Globalization;

namespace OnnxTransfer.Benchmarks;

/// <summary>How busy the GPU was, as nvidia-smi sampled it during the run: lines of "timestamp, percent, MiB".</summary>
internal sealed class GpuUtilisation(string path)
{
    private readonly (double At, double Percent)[] _samples =
        [.. (File.Exists(path) ? File.ReadLines(path) : []).Select(Parse).OfType<(double, double)>()];

    /// <summary>The mean between two moments, in seconds since 1970; null where nothing was sampled.</summary>
    public double? Between(double? from, double? to)
    {
        double[] found = [.. _samples.Where(sample => sample.At >= from && sample.At <= to).Select(sample => sample.Percent)];
        return found.Length > 0 ? found.Average() : null;
    }

    // nvidia-smi was run in the time zone UTC. A line may be cut short.
    private static (double, double)? Parse(string line) => line.Split(',', StringSplitOptions.TrimEntries) is [var at, var percent, ..]
        && DateTimeOffset.TryParse(at, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment)
        && double.TryParse(percent, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double busy)
            ? (moment.ToUnixTimeMilliseconds() / 1e3, busy)
            : null;
}
