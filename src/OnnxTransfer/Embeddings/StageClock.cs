using System.Diagnostics;

namespace OnnxTransfer.Embeddings;

/// <summary>Adds up the time many threads spend in one stage.</summary>
internal sealed class StageClock(string name)
{
    private long _ticks;
    private long _processor;
    private int _images;

    /// <summary>Counts the time since <paramref name="start"/>, on the same thread, and returns now, where the next stage begins.</summary>
    public ThreadTime Stop(ThreadTime start, int images = 1)
    {
        var now = ThreadTime.Now;
        Interlocked.Add(ref _ticks, now.Wall - start.Wall);
        Interlocked.Add(ref _processor, now.Processor - start.Processor);
        Interlocked.Add(ref _images, images);
        return now;
    }

    /// <summary>What was counted; a share of <paramref name="threads"/> threads in a run of <paramref name="seconds"/>.</summary>
    /// <remarks>Where threads have no clock of their own the time on the wall stands for it.</remarks>
    public StageWork Work(int threads, double seconds)
    {
        var busy = Volatile.Read(ref _ticks) / (double)Stopwatch.Frequency;
        return new(name, busy, Volatile.Read(ref _images))
        {
            CpuSeconds = ThreadTime.Now.Processor < 0 ? busy : Volatile.Read(ref _processor) / 1e9,
            Utilisation = seconds > 0 ? busy / (threads * seconds) : 0,
        };
    }
}
