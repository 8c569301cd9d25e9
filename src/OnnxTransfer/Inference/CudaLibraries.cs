using System.Runtime.InteropServices;

namespace OnnxTransfer.Inference;

/// <summary>
/// The shared libraries ONNX Runtime 1.29's CUDA provider needs. The runtime names the missing one only in its native
/// log, so each is tried here.
/// </summary>
internal static class CudaLibraries
{
    private static readonly string[] Linux =
    [
        "libcuda.so.1", "libcudart.so.13", "libcublasLt.so.13", "libcublas.so.13", "libcurand.so.10", "libcufft.so.12", "libcudnn.so.9",
    ];

    private static readonly string[] Windows =
    [
        "nvcuda.dll", "cudart64_13.dll", "cublasLt64_13.dll", "cublas64_13.dll", "curand64_10.dll", "cufft64_12.dll", "cudnn64_9.dll",
    ];

    public static IReadOnlyList<string> Needed => OperatingSystem.IsWindows() ? Windows : Linux;

    /// <summary>Those that <paramref name="loads"/> (absent: the system's loader) cannot load.</summary>
    public static IReadOnlyList<string> Missing(Func<string, bool>? loads = null) =>
        [.. Needed.Where(name => !(loads ?? (n => NativeLibrary.TryLoad(n, out _)))(name))];

    /// <summary>What to do about missing libraries, in one sentence.</summary>
    public static string Cure(IReadOnlyList<string> missing)
    {
        var driver = missing.Where(name => name.StartsWith("libcuda.", StringComparison.Ordinal) || name.StartsWith("nvcuda", StringComparison.Ordinal)).ToArray();
        var parts = new List<string>();
        if (driver.Length > 0)
        {
            parts.Add($"{driver[0]} comes with NVIDIA's driver (in a container: start it with the GPU, such as --gpus all)");
        }

        if (missing.Count > driver.Length)
        {
            var path = OperatingSystem.IsWindows() ? "PATH" : "LD_LIBRARY_PATH";
            parts.Add($"{string.Join(", ", missing.Except(driver))}: install CUDA 13 and cuDNN 9, or put the folders that hold them on {path}");
        }

        return string.Join("; ", parts);
    }
}
