using System.Runtime.Intrinsics;

namespace OnnxTransfer.Numerics;

/// <summary>Four float64 values; where AVX is missing the runtime makes two narrower registers of it.</summary>
internal unsafe readonly struct DoubleLanes256 : ILanes<Vector256<double>, double>
{
    public static int Count => 4;

    public static Vector256<double> Zero => default;

    public static Vector256<double> Load(double* from) => Vector256.Load(from);

    public static Vector256<double> LoadSingles(float* from)
    {
        var (low, high) = Vector128.Widen(Vector128.Load(from));
        return Vector256.Create(low, high);
    }

    public static void Store(Vector256<double> value, double* to) => value.Store(to);

    public static Vector256<double> All(double value) => Vector256.Create(value);

    public static Vector256<double> Add(Vector256<double> a, Vector256<double> b) => a + b;

    public static Vector256<double> Standardise(Vector256<double> value, Vector256<double> mean, Vector256<double> scale) => (value - mean) * scale;

    public static Vector256<double> MultiplyAdd(Vector256<double> a, Vector256<double> b, Vector256<double> sum) => Vector256.MultiplyAddEstimate(a, b, sum);

    public static double Sum(Vector256<double> value) => Vector256.Sum(value);
}
