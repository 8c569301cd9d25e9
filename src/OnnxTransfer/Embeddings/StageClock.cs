using System.Diagnostics;

namespace OnnxTransfer.Embeddings;

/// <summary>Adds up the time many threads spend in one stage.</summary>
internal sealed class StageClock(string name)
{
    private long _ticks;
    private int _images;

    public static long Start() => Stopwatch.GetTimestamp();

    /// <summary>Counts the time since <paramref name="start"/> and returns now, where the next stage begins.</summary>
    public long Stop(long start, int images = 1)
    {
        var now = Stopwatch.GetTimestamp();
        Interlocked.Add(ref _ticks, now - start);
        Interlocked.Add(ref _images, images);
        return now;
    }

    public StageWork Work() => new(name, Volatile.Read(ref _ticks) / (double)Stopwatch.Frequency, Volatile.Read(ref _images));
}
