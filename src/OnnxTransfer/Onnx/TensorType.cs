namespace OnnxTransfer.Onnx;

/// <summary>Element type and concrete dimensions of a tensor; equal where both are, dimension by dimension.</summary>
/// <param name="ElementType">The type of its elements.</param>
/// <param name="Dimensions">Its dimensions, none negative; empty for a scalar.</param>
public sealed record TensorType(ElementType ElementType, IReadOnlyList<long> Dimensions)
{
    /// <summary>Number of elements, at most 2^62.</summary>
    public long Count => Dimensions.Aggregate(1L, (a, b) => a * b);

    /// <inheritdoc/>
    public bool Equals(TensorType? other) => other is not null && ElementType == other.ElementType && Dimensions.SequenceEqual(other.Dimensions);

    /// <inheritdoc/>
    public override int GetHashCode() => Dimensions.Aggregate((int)ElementType, HashCode.Combine);

    /// <summary>For messages: <c>float[1,64,56,56]</c>.</summary>
    public override string ToString() => $"{ElementType.ToString().ToLowerInvariant()}[{string.Join(',', Dimensions)}]";
}
