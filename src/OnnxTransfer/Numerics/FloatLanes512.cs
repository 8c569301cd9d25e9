using System.Runtime.Intrinsics;

namespace OnnxTransfer.Numerics;

/// <summary>Sixteen float32 values, where the processor has AVX-512.</summary>
internal unsafe readonly struct FloatLanes512 : ILanes<Vector512<float>, float>
{
    public static int Count => 16;

    public static Vector512<float> Zero => default;

    public static Vector512<float> Load(float* from) => Vector512.Load(from);

    public static Vector512<float> LoadSingles(float* from) => Vector512.Load(from);

    public static void Store(Vector512<float> value, float* to) => value.Store(to);

    public static Vector512<float> All(float value) => Vector512.Create(value);

    public static Vector512<float> Add(Vector512<float> a, Vector512<float> b) => a + b;

    public static Vector512<float> Standardise(Vector512<float> value, Vector512<float> mean, Vector512<float> scale) => (value - mean) * scale;

    public static Vector512<float> MultiplyAdd(Vector512<float> a, Vector512<float> b, Vector512<float> sum) => Vector512.MultiplyAddEstimate(a, b, sum);

    public static float Sum(Vector512<float> value) => Vector512.Sum(value);
}
