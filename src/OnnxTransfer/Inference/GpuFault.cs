using System.Globalization;
using System.Text.RegularExpressions;

namespace OnnxTransfer.Inference;

/// <summary>What became of a GPU, read from ONNX Runtime's messages, which carry CUDA's error numbers.</summary>
internal static partial class GpuFault
{
    // cudaErrorMemoryAllocation.
    private const int OutOfMemory = 2;

    // Of CUDA's cudaError: after these the process can no longer use the GPU, or the GPU is not there.
    private static readonly HashSet<int> Lost =
    [
        4, 46, 100, 101, 214, 220, 700, 702, 709, 714, 715, 716, 717, 718, 719, 720, 802, 999,
    ];

    /// <summary>Whether there was too little memory: the arena's, cuDNN's, cuBLAS's or CUDA's own words.</summary>
    public static bool IsOutOfMemory(string message) => NumberOf(message) == OutOfMemory || MemoryWords().IsMatch(message);

    /// <summary>Whether the GPU has stopped working for this process.</summary>
    public static bool IsLost(string message) => NumberOf(message) is { } number && Lost.Contains(number);

    /// <summary>The first line of the message from CUDA's words on, without the place in the runtime's sources.</summary>
    public static string Brief(string message)
    {
        var line = message.Trim().Split('\n')[0];
        var start = CudaWords().Match(line) is { Success: true } found ? found.Index : 0;
        return line[start..].Split(" ; GPU=")[0].Trim();
    }

    private static int? NumberOf(string message) =>
        CudaWords().Match(message) is { Success: true } found ? int.Parse(found.Groups[1].ValueSpan, CultureInfo.InvariantCulture) : null;

    // "CUDA failure 719: unspecified launch failure ; GPU=0 ; hostname=... ; file=... ; line=... ; expr=..."
    [GeneratedRegex(@"\bCUDA (?:failure|error) (\d{1,6})\b", RegexOptions.IgnoreCase)]
    private static partial Regex CudaWords();

    [GeneratedRegex("Failed to allocate memory for requested buffer|is smaller than requested bytes of|ran out of memory trying to allocate|CUDNN_STATUS_ALLOC_FAILED|CUBLAS_STATUS_ALLOC_FAILED|out of memory", RegexOptions.IgnoreCase)]
    private static partial Regex MemoryWords();
}
