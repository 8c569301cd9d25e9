namespace OnnxTransfer.Embeddings;

/// <summary>How far a run is.</summary>
/// <param name="Images">Images in all.</param>
/// <param name="Embedded">Embedded in this run.</param>
/// <param name="FromCache">Found in the cache.</param>
/// <param name="Failed">Could not be read or decoded.</param>
/// <param name="Elapsed">Time since the start.</param>
public readonly record struct EmbedProgress(int Images, int Embedded, int FromCache, int Failed, TimeSpan Elapsed)
{
    /// <summary>Images dealt with.</summary>
    public int Done => Embedded + FromCache + Failed;

    /// <summary>Images dealt with per second since the start.</summary>
    public double ImagesPerSecond => Elapsed > TimeSpan.Zero ? Done / Elapsed.TotalSeconds : 0;

    /// <summary>Time left at this rate; null before the first image.</summary>
    public TimeSpan? Left => Done == 0 ? null : TimeSpan.FromSeconds((Images - Done) / ImagesPerSecond);
}
