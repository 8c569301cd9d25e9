namespace OnnxTransfer.Numerics;

/// <summary>
/// Rows cut into chunks whose number depends on the problem alone, never on the machine: partial sums are made per chunk
/// and added in chunk order, so that any number of threads gives the same bits.
/// </summary>
internal static class Chunks
{
    /// <summary>How many chunks for <paramref name="rows"/> rows, when each keeps a partial sum of so many bytes.</summary>
    public static int Count(int rows, long bytesPerChunk)
    {
        long affordable = Math.Clamp((256L << 20) / Math.Max(1, bytesPerChunk), 4, 64);
        return (int)Math.Clamp((rows + 255) / 256, 1, affordable);
    }

    /// <summary>First row of chunk <paramref name="index"/> of <paramref name="count"/>; that of the next one is its end.</summary>
    public static int Start(int index, int count, int rows) => (int)((long)index * rows / count);

    /// <summary>The number of threads meant by a trainer's setting: 0 stands for all processors.</summary>
    public static int Threads(int setting) => setting > 0 ? setting : Environment.ProcessorCount;
}
