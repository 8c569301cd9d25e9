using System.Diagnostics;
using System.Runtime.InteropServices;

namespace OnnxTransfer.Embeddings;

/// <summary>A moment on the wall clock and on the clock of the processor time of the thread that asks.</summary>
/// <param name="Wall">Ticks of <see cref="Stopwatch"/>.</param>
/// <param name="Processor">Nanoseconds; -1 where the system does not tell a thread's.</param>
internal readonly partial record struct ThreadTime(long Wall, long Processor)
{
    private const int ThreadClock = 3; // CLOCK_THREAD_CPUTIME_ID of Linux

    public static ThreadTime Now => new(Stopwatch.GetTimestamp(), ProcessorNow());

    /// <summary>
    /// Seconds until <paramref name="end"/>, a later moment of the same thread: of processor time, which others' work on the
    /// machine does not lengthen, where it is told.
    /// </summary>
    public double SecondsTo(ThreadTime end) =>
        Processor < 0 ? (end.Wall - Wall) / (double)Stopwatch.Frequency : (end.Processor - Processor) / 1e9;

    private static long ProcessorNow()
    {
        if (!OperatingSystem.IsLinux() || !Environment.Is64BitProcess || ClockGetTime(ThreadClock, out var time) != 0)
        {
            return -1;
        }

        return (time.Seconds * 1_000_000_000) + time.Nanoseconds;
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int ClockGetTime(int clock, out TimeSpec time);

    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
