namespace OnnxTransfer.Numerics;

/// <summary>Zeros that do not move and start at a cache line, so that no vector load straddles two.</summary>
internal sealed unsafe class AlignedArray<T>
    where T : unmanaged
{
    private const int Line = 64;

    private readonly T[] _memory;

    public AlignedArray(long length)
    {
        Length = length;
        _memory = GC.AllocateArray<T>(checked((int)(length + (Line / sizeof(T)))), pinned: true);
        fixed (T* start = _memory)
        {
            Start = (T*)(((nint)start + Line - 1) / Line * Line);
        }
    }

    /// <summary>Valid as long as this object is reachable.</summary>
    public T* Start { get; }

    public long Length { get; }

    public void Clear() => Array.Clear(_memory);
}
