using System.Runtime.Intrinsics;

namespace OnnxTransfer.Numerics;

/// <summary>Eight float32 values; where AVX is missing the runtime makes two narrower registers of it.</summary>
internal unsafe readonly struct FloatLanes256 : ILanes<Vector256<float>, float>
{
    public static int Count => 8;

    public static Vector256<float> Zero => default;

    public static Vector256<float> Load(float* from) => Vector256.Load(from);

    public static Vector256<float> LoadSingles(float* from) => Vector256.Load(from);

    public static void Store(Vector256<float> value, float* to) => value.Store(to);

    public static Vector256<float> All(float value) => Vector256.Create(value);

    public static Vector256<float> Add(Vector256<float> a, Vector256<float> b) => a + b;

    public static Vector256<float> Standardise(Vector256<float> value, Vector256<float> mean, Vector256<float> scale) => (value - mean) * scale;

    public static Vector256<float> MultiplyAdd(Vector256<float> a, Vector256<float> b, Vector256<float> sum) => Vector256.MultiplyAddEstimate(a, b, sum);

    public static float Sum(Vector256<float> value) => Vector256.Sum(value);
}
