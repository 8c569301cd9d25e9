namespace OnnxTransfer.Numerics;

/// <summary>The rows of one matrix above those of another; nothing is copied.</summary>
internal sealed class StackedRows(IRows upper, IRows lower) : IRows
{
    public int Count => upper.Count + lower.Count;

    public int Width => upper.Width;

    public ReadOnlySpan<float> this[int index] => index < upper.Count ? upper[index] : lower[index - upper.Count];
}
