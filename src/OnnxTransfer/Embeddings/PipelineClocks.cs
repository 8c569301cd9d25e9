namespace OnnxTransfer.Embeddings;

/// <summary>One clock for each stage of the pipeline, in its order, and what the images were like.</summary>
internal sealed class PipelineClocks
{
    private long _pixels;
    private int _jpegs;

    public StageClock Read { get; } = new("read");

    public StageClock Decode { get; } = new("decode");

    public StageClock Resize { get; } = new("resize");

    public StageClock Infer { get; } = new("infer");

    public StageClock Write { get; } = new("write");

    /// <summary>Threads with nothing to do.</summary>
    public StageClock Wait { get; } = new("wait");

    /// <summary>Threads from their start to their end, whatever they do.</summary>
    public StageClock All { get; } = new("all");

    /// <summary>What the threads did besides waiting for something to do.</summary>
    public StageWork Threads(double seconds)
    {
        var (all, wait) = (All.Work(1, seconds), Wait.Work(1, seconds));
        return all with { BusySeconds = all.BusySeconds - wait.BusySeconds, CpuSeconds = all.CpuSeconds - wait.CpuSeconds };
    }

    /// <summary>Counts an image that was decoded.</summary>
    public void Count(long pixels, bool isJpeg)
    {
        Interlocked.Add(ref _pixels, pixels);
        Interlocked.Add(ref _jpegs, isJpeg ? 1 : 0);
    }

    /// <summary>Each stage's work in a run of <paramref name="seconds"/> divided so.</summary>
    public IReadOnlyList<StageWork> Work(WorkDivision division, double seconds) =>
    [
        Read.Work(division.Decoders, seconds), Decode.Work(division.Decoders, seconds), Resize.Work(division.Decoders, seconds),
        Infer.Work(Math.Min(division.Runs, division.Threads), seconds), Write.Work(1, seconds),
    ];

    /// <summary>The mean of what was decoded.</summary>
    /// <param name="exactly">Whether JPEG was decoded exactly.</param>
    public ImageSort Sort(bool exactly)
    {
        var count = Math.Max(1, Decode.Work(1, 1).Images);
        return new(Volatile.Read(ref _pixels) / (double)count, 2 * Volatile.Read(ref _jpegs) > count, exactly);
    }
}
