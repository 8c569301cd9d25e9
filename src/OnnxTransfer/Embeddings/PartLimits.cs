namespace OnnxTransfer.Embeddings;

/// <summary>When a part is written: at this many bytes of values, or this long after its first embedding.</summary>
internal readonly record struct PartLimits(int Bytes, int Milliseconds)
{
    /// <summary>16 MiB or 20 seconds: a killed run loses at most that, and a million embeddings make a few hundred parts.</summary>
    public static PartLimits Default => new(16 << 20, 20_000);

    public int Rows(int width) => Math.Clamp(Bytes / (4 * width), 1, 1 << 16);
}
