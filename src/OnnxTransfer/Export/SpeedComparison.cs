using System.Diagnostics;
using OnnxTransfer.Backbones;

namespace OnnxTransfer.Export;

/// <summary>Images a second of two backbones, measured in turns on the same batch and threads, without decoding.</summary>
/// <param name="BatchSize">Images a run.</param>
/// <param name="ImagesPerSecond">Of the first backbone, median of the rounds.</param>
/// <param name="OtherImagesPerSecond">Of the second.</param>
public sealed record SpeedComparison(int BatchSize, double ImagesPerSecond, double OtherImagesPerSecond)
{
    // In turns, so that what else the machine does falls on both.
    private static readonly TimeSpan Round = TimeSpan.FromMilliseconds(100);

    /// <summary>The second's rate in terms of the first's.</summary>
    public double Ratio => OtherImagesPerSecond / ImagesPerSecond;

    /// <summary>Measures both.</summary>
    internal static SpeedComparison Measure(Backbone first, Backbone second, int rounds, CancellationToken cancellation)
    {
        var rates = (First: new double[rounds], Second: new double[rounds]);
        for (var round = 0; round < rounds; round++)
        {
            cancellation.ThrowIfCancellationRequested();
            rates.First[round] = Rate(first);
            rates.Second[round] = Rate(second);
        }

        return new(first.BatchSize, Median(rates.First), Median(rates.Second));
    }

    private static double Rate(Backbone backbone)
    {
        using var buffers = backbone.CreateBuffers();
        for (var i = 0; i < buffers.Bytes.Length; i++)
        {
            buffers.Bytes[i] = (byte)(i * 31);
        }

        backbone.Run(buffers, buffers.BatchSize); // warm-up
        var (start, runs) = (Stopwatch.GetTimestamp(), 0);
        do
        {
            backbone.Run(buffers, buffers.BatchSize);
            runs++;
        }
        while (Stopwatch.GetElapsedTime(start) < Round);
        return runs * buffers.BatchSize / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static double Median(double[] values) => values.Order().ElementAt(values.Length / 2);
}
