namespace OnnxTransfer.Numerics;

/// <summary>The rows of several matrices, one behind the other; nothing is copied.</summary>
internal sealed class StackedRows(params IRows[] parts) : IRows
{
    public int Count { get; } = parts.Sum(part => part.Count);

    public int Width => parts[0].Width;

    public ReadOnlySpan<float> this[int index]
    {
        get
        {
            int part = 0;
            for (; index >= parts[part].Count; part++)
            {
                index -= parts[part].Count;
            }

            return parts[part][index];
        }
    }
}
