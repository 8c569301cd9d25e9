namespace OnnxTransfer.Numerics;

/// <summary>
/// A dense matrix of float32 read row by row: N rows of D columns. Trainers see embeddings through this door alone, so
/// that a row may lie in managed memory or in a memory-mapped file.
/// </summary>
public interface IRows
{
    /// <summary>N, the number of rows.</summary>
    int Count { get; }

    /// <summary>D, the number of columns of every row.</summary>
    int Width { get; }

    /// <summary>Row <paramref name="index"/>, D values. The span stays valid as long as its owner is not disposed.</summary>
    ReadOnlySpan<float> this[int index] { get; }
}
