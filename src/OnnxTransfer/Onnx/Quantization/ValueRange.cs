namespace OnnxTransfer.Onnx.Quantization;

/// <summary>The values of a tensor that its 256 steps shall cover; what lies outside saturates.</summary>
/// <param name="Low">Smallest.</param>
/// <param name="High">Largest.</param>
public readonly record struct ValueRange(double Low, double High)
{
    /// <summary>The same with 0 in it, which padding and ReLU need exactly.</summary>
    public ValueRange WithZero => new(Math.Min(0, Low), Math.Max(0, High));

    /// <summary>No wider than <paramref name="other"/>.</summary>
    internal ValueRange Within(ValueRange other) => Math.Max(Low, other.Low) is var low && Math.Min(High, other.High) is var high && high > low ? new(low, high) : other;
}
