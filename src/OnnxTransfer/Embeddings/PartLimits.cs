namespace OnnxTransfer.Embeddings;

/// <summary>
/// When a part is written: at this many bytes of values, or this long after its first embedding. The first part of a run
/// is written soonest and each one after it waits twice as long, up to the last: short runs lose little when they are
/// killed, and long ones do not leave thousands of small files.
/// </summary>
internal readonly record struct PartLimits(int Bytes, int FirstMilliseconds, int LastMilliseconds)
{
    /// <summary>16 MiB; 2 seconds at first, 30 later.</summary>
    public static PartLimits Default => new(16 << 20, 2_000, 30_000);

    public int Rows(int width) => Math.Clamp(Bytes / (4 * width), 1, 1 << 16);
}
