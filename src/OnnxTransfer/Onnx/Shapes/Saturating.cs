namespace OnnxTransfer.Onnx.Shapes;

/// <summary>Sums and products of counts that stop at 2^63 - 1: a file may state any size.</summary>
internal static class Saturating
{
    /// <summary>a + b, neither negative.</summary>
    public static long Add(long a, long b) => a > long.MaxValue - b ? long.MaxValue : a + b;

    /// <summary>a b, neither negative.</summary>
    public static long Multiply(long a, long b) => a != 0 && b > long.MaxValue / a ? long.MaxValue : a * b;
}
