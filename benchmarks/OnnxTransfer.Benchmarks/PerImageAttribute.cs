namespace OnnxTransfer.Benchmarks;

/// <summary>One operation of these benchmarks is one image, and works on so many bytes.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class PerImageAttribute(int bytes = 0) : Attribute
{
    /// <summary>0: told by the benchmark's <see cref="Photo"/>, or not worth telling.</summary>
    public int Bytes { get; } = bytes;
}
