namespace OnnxTransfer.Onnx.Quantization;

/// <summary>
/// The values one tensor took over all calibration images, in bounded memory: first its smallest and largest, then, in a
/// second pass, how many fell into each of 2,048 equal bins from -a to a, a being the largest magnitude. The second pass
/// makes the bins independent of the images' order.
/// </summary>
internal sealed class ActivationHistogram
{
    /// <summary>Bins, as many as onnxruntime.quantization's percentile method takes.</summary>
    public const int Bins = 2048;

    private const int Half = Bins / 2;

    // Neighbouring values often share a bin (zeros after a ReLU); four sets of counters keep the additions independent.
    private const int Ways = 4;

    private readonly long[] _counts = new long[Ways * Bins];
    private float _low = float.PositiveInfinity;
    private float _high = float.NegativeInfinity;

    /// <summary>Whether all values were finite numbers.</summary>
    public bool IsFinite { get; private set; } = true;

    /// <summary>Smallest and largest value.</summary>
    public ValueRange Range => new(_low, _high);

    /// <summary>a: the largest magnitude.</summary>
    public double Magnitude => Math.Max(Math.Abs((double)_low), Math.Abs((double)_high));

    /// <summary>Values in every bin.</summary>
    public long[] Counts()
    {
        var counts = new long[Bins];
        for (var i = 0; i < _counts.Length; i++)
        {
            counts[i % Bins] += _counts[i];
        }

        return counts;
    }

    /// <summary>Lower edge of a bin; of <see cref="Bins"/>, the upper edge of the last.</summary>
    public double Edge(int bin) => (bin - Half) * Magnitude / Half;

    /// <summary>First pass.</summary>
    public void Watch(ReadOnlySpan<float> values)
    {
        if (values.IndexOfAnyExceptInRange(float.MinValue, float.MaxValue) >= 0)
        {
            IsFinite = false;
            return;
        }

        var (low, high) = (_low, _high);
        foreach (var value in values)
        {
            low = Math.Min(low, value);
            high = Math.Max(high, value);
        }

        (_low, _high) = (low, high);
    }

    /// <summary>Second pass, over the same values.</summary>
    public void Count(ReadOnlySpan<float> values)
    {
        var perUnit = (float)(Half / Magnitude);
        if (!float.IsFinite(perUnit))
        {
            _counts[Half] += values.Length;
            return;
        }

        for (var i = 0; i < values.Length; i++)
        {
            // From the middle, so that 0 is exactly the lower edge of its bin.
            var bin = Math.Clamp((int)MathF.Floor(values[i] * perUnit) + Half, 0, Bins - 1);
            _counts[((i % Ways) * Bins) + bin]++;
        }
    }
}
