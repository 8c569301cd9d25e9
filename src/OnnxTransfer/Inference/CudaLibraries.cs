using System.Runtime.InteropServices;

namespace OnnxTransfer.Inference;

/// <summary>
/// The shared libraries ONNX Runtime 1.29's GPU providers need. The runtime names at most the first that is missing, so
/// each is tried here.
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

    private static readonly string[] LinuxTensorRT = ["libnvinfer.so.10", "libnvonnxparser.so.10"];

    private static readonly string[] WindowsTensorRT = ["nvinfer_10.dll", "nvonnxparser_10.dll"];

    /// <summary>The CUDA runtime: that of the providers, or the one before, which serves to say what GPUs there are.</summary>
    public static IReadOnlyList<string> Runtimes => OperatingSystem.IsWindows() ? ["cudart64_13.dll", "cudart64_12.dll"] : ["libcudart.so.13", "libcudart.so.12"];

    /// <summary>What <paramref name="provider"/> needs.</summary>
    public static IReadOnlyList<string> Needed(ExecutionProvider provider)
    {
        var cuda = OperatingSystem.IsWindows() ? Windows : Linux;
        return provider == ExecutionProvider.TensorRT ? [.. cuda, .. TensorRT] : cuda;
    }

    /// <summary>Those of <paramref name="provider"/> that <paramref name="loads"/> (absent: the system's loader) cannot load.</summary>
    public static IReadOnlyList<string> Missing(ExecutionProvider provider, Func<string, bool>? loads = null) =>
        [.. Needed(provider).Where(name => !(loads ?? (n => NativeLibrary.TryLoad(n, out _)))(name))];

    /// <summary>What to do about missing libraries, in one sentence.</summary>
    public static string Cure(IReadOnlyList<string> missing)
    {
        var driver = missing.Where(name => name.StartsWith("libcuda.", StringComparison.Ordinal) || name.StartsWith("nvcuda", StringComparison.Ordinal)).ToArray();
        var tensorRT = missing.Intersect(TensorRT).ToArray();
        var cuda = missing.Except(driver).Except(tensorRT).ToArray();
        var path = OperatingSystem.IsWindows() ? "PATH" : "LD_LIBRARY_PATH";
        var parts = new List<string>();
        if (driver.Length > 0)
        {
            parts.Add($"{driver[0]} comes with NVIDIA's driver (in a container: start it with the GPU, such as --gpus all)");
        }

        if (cuda.Length > 0)
        {
            parts.Add($"{string.Join(", ", cuda)}: install CUDA 13 and cuDNN 9, or put the folders that hold them on {path}");
        }

        if (tensorRT.Length > 0)
        {
            parts.Add($"{string.Join(", ", tensorRT)}: install TensorRT 10 for CUDA 13, or put the folder that holds it on {path}");
        }

        return string.Join("; ", parts);
    }

    private static string[] TensorRT => OperatingSystem.IsWindows() ? WindowsTensorRT : LinuxTensorRT;
}
