using System.Runtime.Intrinsics;

namespace OnnxTransfer.Numerics;

/// <summary>Eight float64 values, where the processor has AVX-512.</summary>
internal unsafe readonly struct DoubleLanes512 : ILanes<Vector512<double>, double>
{
    public static int Count => 8;

    public static Vector512<double> Zero => default;

    public static Vector512<double> Load(double* from) => Vector512.Load(from);

    public static Vector512<double> LoadSingles(float* from)
    {
        var (low, high) = Vector256.Widen(Vector256.Load(from));
        return Vector512.Create(low, high);
    }

    public static void Store(Vector512<double> value, double* to) => value.Store(to);

    public static Vector512<double> All(double value) => Vector512.Create(value);

    public static Vector512<double> Add(Vector512<double> a, Vector512<double> b) => a + b;

    public static Vector512<double> Standardise(Vector512<double> value, Vector512<double> mean, Vector512<double> scale) => (value - mean) * scale;

    public static Vector512<double> MultiplyAdd(Vector512<double> a, Vector512<double> b, Vector512<double> sum) => Vector512.MultiplyAddEstimate(a, b, sum);

    public static double Sum(Vector512<double> value) => Vector512.Sum(value);
}
