using OnnxTransfer.Imaging;

namespace OnnxTransfer.Embeddings;

/// <summary>How a data set is embedded. The defaults fit one machine and a folder of photos.</summary>
public sealed record EmbedSettings
{
    /// <summary>Threads that may read, decode and resize at once; 0: one for each core.</summary>
    public int DecodeThreads { get; init; }

    /// <summary>
    /// How JPEG images become pixels; the cache keeps the embeddings of each way apart. A fused model decodes alike where its
    /// card says so (ModelCard.Jpeg), which <c>train</c> sees to.
    /// </summary>
    public JpegDecoding Jpeg { get; init; }

    /// <summary>
    /// How many images may fail before the run ends with an error that lists them; null: any number, as long as one
    /// succeeds. The rest is embedded and kept either way.
    /// </summary>
    public int? MaxFailures { get; init; } = 0;

    /// <summary>An augmented view to embed in place of the images as they are; the cache keeps each view apart. Null: as they are.</summary>
    public AugmentedView? View { get; init; }

    /// <summary>Told about every half second.</summary>
    public IProgress<EmbedProgress>? Progress { get; init; }

    /// <summary>The threads of the pool.</summary>
    internal int Decoders => DecodeThreads > 0 ? DecodeThreads : Environment.ProcessorCount;

    /// <summary>Fewer images are embedded without trying batch sizes.</summary>
    internal int LeastToTune { get; init; } = BatchTuning.LeastImages;

    internal PartLimits PartLimits { get; init; } = PartLimits.Default;
}
