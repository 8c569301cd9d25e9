using OnnxTransfer.Datasets;

namespace OnnxTransfer.Embeddings;

/// <summary>An image that could not be embedded.</summary>
/// <param name="Name">The image's name.</param>
/// <param name="Reason">What was found and what to do.</param>
public sealed record EmbedFailure(string Name, string Reason);

/// <summary>The work of one stage of the pipeline.</summary>
/// <param name="Name">read, decode, resize, infer or write.</param>
/// <param name="BusySeconds">Seconds of work, summed over its threads, including what they waited for a disk, a GPU or a core.</param>
/// <param name="Images">Images that passed it.</param>
public sealed record StageWork(string Name, double BusySeconds, int Images)
{
    /// <summary>
    /// Seconds of processor time of these threads; the same as <see cref="BusySeconds"/> where the system does not tell them
    /// apart. Threads that ONNX Runtime adds are not among it (there are none while runs have one thread each).
    /// </summary>
    public double CpuSeconds { get; init; } = BusySeconds;

    /// <summary>Busy seconds as a share of the run's time on all threads that may be in this stage.</summary>
    public double Utilisation { get; init; }

    /// <summary>Images per second of work.</summary>
    public double ImagesPerSecond => BusySeconds > 0 ? Images / BusySeconds : 0;
}

/// <summary>What a run did at one tap.</summary>
/// <param name="Tap">The tap with its pooling, such as <c>layer3:average</c>.</param>
/// <param name="Embedded">Images embedded at it in this run.</param>
/// <param name="FromCache">Images whose embedding at it was in the cache, or whose content another image of this run had.</param>
public sealed record TapWork(string Tap, int Embedded, int FromCache);

/// <summary>What a run of the embedder did.</summary>
public sealed record EmbedReport
{
    /// <summary>Images of the data set.</summary>
    public required int Images { get; init; }

    /// <summary>Images embedded in this run, at one tap or more.</summary>
    public required int Embedded { get; init; }

    /// <summary>Runs of the backbone it took, a batch each.</summary>
    public int Runs { get; init; }

    /// <summary>Images found in the cache at every tap, or whose content another image of this run had.</summary>
    public required int FromCache { get; init; }

    /// <summary>Of <see cref="FromCache"/>, images whose content another image of this run had, which was embedded.</summary>
    public int Duplicates { get; init; }

    /// <summary>The same for each tap: only what the cache lacks of an image is computed.</summary>
    public required IReadOnlyList<TapWork> Taps { get; init; }

    /// <summary>Images that failed, in data set order.</summary>
    public required IReadOnlyList<EmbedFailure> Failures { get; init; }

    /// <summary>Wall time in seconds.</summary>
    public required double Seconds { get; init; }

    /// <summary>Work by stage, in the order of the pipeline.</summary>
    public required IReadOnlyList<StageWork> Stages { get; init; }

    /// <summary>How threads and batches were divided.</summary>
    public required EmbedDivision Division { get; init; }

    /// <summary>
    /// The processor time of all stages as a share of what the cores had in this time: 1 is the rate that the stages' costs
    /// allow. Null where several threads share a run, whose time is not known.
    /// </summary>
    public double? CoreUse => Division.ThreadsPerRun > 1 ? null : Seconds > 0 ? Stages.Sum(stage => stage.CpuSeconds) / (Division.Cores * Seconds) : 0;

    /// <summary>What limited the run and what would move it, in words; null when nothing was embedded.</summary>
    public required string? Bottleneck { get; init; }

    /// <summary>The provider that ran the backbone.</summary>
    public required string Provider { get; init; }

    /// <summary>Which decoder served how many images.</summary>
    public required IReadOnlyDictionary<string, int> Decoders { get; init; }

    /// <summary>Contents that stand in several splits.</summary>
    public required IReadOnlyList<LeakedContent> Leaks { get; init; }

    /// <summary>Images dealt with per second, cache hits included.</summary>
    public double ImagesPerSecond => Seconds > 0 ? Images / Seconds : 0;
}
