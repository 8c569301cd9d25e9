namespace OnnxTransfer.MLNet;

/// <summary>How images of a pipeline are embedded.</summary>
public sealed record EmbedImagesSettings
{
    /// <summary>The folder that relative paths start from; null: the current one.</summary>
    public string? ImageFolder { get; init; }

    /// <summary>
    /// Whether an image that cannot be read or decoded gives a row of NaN. Otherwise its embedding throws an error that names
    /// the file when it is read, since ML.NET knows no failed rows.
    /// </summary>
    public bool FailedAsNaN { get; init; }

    /// <summary>Threads that read, decode and resize; 0: one for each core.</summary>
    public int DecodeThreads { get; init; }
}
