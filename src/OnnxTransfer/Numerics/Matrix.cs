namespace OnnxTransfer.Numerics;

/// <summary>A dense row-major matrix of float32 in managed memory.</summary>
public sealed class Matrix : IRows
{
    /// <summary>A matrix of zeros, <paramref name="count"/> rows by <paramref name="width"/> columns.</summary>
    public Matrix(int count, int width) : this(count, width, new float[(long)count * width])
    {
    }

    /// <summary>A view of <paramref name="values"/>, row-major; nothing is copied.</summary>
    /// <exception cref="ArgumentException">The array does not hold count x width values.</exception>
    public Matrix(int count, int width, float[] values)
    {
        if (values.LongLength != (long)count * width)
        {
            throw new ArgumentException($"{values.LongLength} values do not fill a {count} x {width} matrix", nameof(values));
        }

        Count = count;
        Width = width;
        Values = values;
    }

    /// <inheritdoc/>
    public int Count { get; }

    /// <inheritdoc/>
    public int Width { get; }

    /// <summary>All values, row by row.</summary>
    public float[] Values { get; }

    /// <inheritdoc/>
    public ReadOnlySpan<float> this[int index] => Row(index);

    /// <summary>Row <paramref name="index"/>, writable.</summary>
    public Span<float> Row(int index) => Values.AsSpan(checked(index * Width), Width);
}
