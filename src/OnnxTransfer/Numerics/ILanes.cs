namespace OnnxTransfer.Numerics;

/// <summary>
/// A register of several numbers, so that one kernel serves float32 and float64, 256 and 512 bits: the implementations are
/// empty structs, and the compiler makes machine code for each by itself.
/// </summary>
internal unsafe interface ILanes<TVector, T>
    where T : unmanaged
{
    /// <summary>Numbers in a register.</summary>
    static abstract int Count { get; }

    static abstract TVector Zero { get; }

    static abstract TVector Load(T* from);

    /// <summary>As many float32 values, as T.</summary>
    static abstract TVector LoadSingles(float* from);

    static abstract void Store(TVector value, T* to);

    /// <summary>The same number in every lane.</summary>
    static abstract TVector All(T value);

    static abstract TVector Add(TVector a, TVector b);

    /// <summary>(value - mean) x scale.</summary>
    static abstract TVector Standardise(TVector value, TVector mean, TVector scale);

    /// <summary>a x b + sum, rounded once.</summary>
    static abstract TVector MultiplyAdd(TVector a, TVector b, TVector sum);

    /// <summary>The sum of all lanes.</summary>
    static abstract T Sum(TVector value);
}
