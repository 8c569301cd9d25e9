using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace OnnxTransfer.Imaging;

/// <summary>The functions of NVIDIA's libnvjpeg (nvjpeg.h) and of the CUDA runtime of the same version that are used here.</summary>
internal sealed unsafe class NvJpegApi
{
    // nvjpegStatus_t
    public const int BadJpeg = 3;
    public const int NotSupported = 4;
    public const int AllocatorFailure = 5;
    public const int IncompleteBitstream = 10;

    // nvjpegBackend_t, nvjpegOutputFormat_t (interleaved RGB), cudaMemcpyKind, cudaStreamNonBlocking
    public const int DefaultBackend = 0;
    public const int Rgbi = 5;
    public const int DeviceToHost = 2;
    public const uint NonBlocking = 1;

    /// <summary>NVJPEG_FLAGS_UPSAMPLING_WITH_INTERPOLATION, as libjpeg upsamples chroma; since nvJPEG 12.1.</summary>
    public const uint InterpolatedChroma = 32;

    public readonly delegate* unmanaged<int, void*, void*, uint, nint*, int> CreateEx;
    public readonly delegate* unmanaged<nint, nint*, int> StateCreate;
    public readonly delegate* unmanaged<nint, int> StateDestroy;
    public readonly delegate* unmanaged<nint, nint, byte*, nuint, int, NvJpegImage*, nint, int> Decode;
    public readonly delegate* unmanaged<nint*, nuint, int> Malloc;
    public readonly delegate* unmanaged<nint, int> Free;
    public readonly delegate* unmanaged<void*, nint, nuint, int, nint, int> MemcpyAsync;
    public readonly delegate* unmanaged<nint*, uint, int> StreamCreate;
    public readonly delegate* unmanaged<nint, int> StreamSynchronize;
    public readonly delegate* unmanaged<nint, int> StreamDestroy;
    private readonly delegate* unmanaged<int, int*, int> getProperty;
    private readonly delegate* unmanaged<int, byte*> getErrorString;

    private NvJpegApi(NativeImageLibrary nvJpeg, NativeImageLibrary cuda)
    {
        CreateEx = (delegate* unmanaged<int, void*, void*, uint, nint*, int>)nvJpeg["nvjpegCreateEx"];
        StateCreate = (delegate* unmanaged<nint, nint*, int>)nvJpeg["nvjpegJpegStateCreate"];
        StateDestroy = (delegate* unmanaged<nint, int>)nvJpeg["nvjpegJpegStateDestroy"];
        Decode = (delegate* unmanaged<nint, nint, byte*, nuint, int, NvJpegImage*, nint, int>)nvJpeg["nvjpegDecode"];
        getProperty = (delegate* unmanaged<int, int*, int>)nvJpeg["nvjpegGetProperty"];
        Malloc = (delegate* unmanaged<nint*, nuint, int>)cuda["cudaMalloc"];
        Free = (delegate* unmanaged<nint, int>)cuda["cudaFree"];
        MemcpyAsync = (delegate* unmanaged<void*, nint, nuint, int, nint, int>)cuda["cudaMemcpyAsync"];
        StreamCreate = (delegate* unmanaged<nint*, uint, int>)cuda["cudaStreamCreateWithFlags"];
        StreamSynchronize = (delegate* unmanaged<nint, int>)cuda["cudaStreamSynchronize"];
        StreamDestroy = (delegate* unmanaged<nint, int>)cuda["cudaStreamDestroy"];
        getErrorString = (delegate* unmanaged<int, byte*>)cuda["cudaGetErrorString"];
        Version = new Version(Property(0), Property(1), Property(2));
    }

    /// <summary>nvJPEG's own, such as 12.4.0.</summary>
    public Version Version { get; }

    /// <summary>Loads the first pair that is there: libnvjpeg and the libcudart it was built for.</summary>
    /// <param name="pairs">File names or paths, the preferred pair first.</param>
    /// <param name="api">The functions.</param>
    /// <param name="missing">Which library is missing, and the cure.</param>
    public static bool TryLoad(
        IReadOnlyList<(string NvJpeg, string Cuda)> pairs, [NotNullWhen(true)] out NvJpegApi? api, [NotNullWhen(false)] out string? missing)
    {
        (api, missing) = (null, null);
        string path = OperatingSystem.IsWindows() ? "PATH" : "LD_LIBRARY_PATH";
        foreach (var (name, cudaName) in pairs)
        {
            if (!NativeImageLibrary.TryLoad([name], [], out var nvJpeg))
            {
                continue;
            }

            if (!NativeImageLibrary.TryLoad([cudaName], [], out var cuda))
            {
                missing = $"{name} is there, but {cudaName} was not found; install the CUDA runtime of the same version, or put the folder that holds it on {path}";
                continue;
            }

            try
            {
                api = new NvJpegApi(nvJpeg, cuda);
                return true;
            }
            catch (EntryPointNotFoundException error)
            {
                missing = $"{name} is no nvJPEG that is known here: {error.Message}; install that of CUDA 12 or 13";
            }
        }

        missing ??= $"{string.Join(" or ", pairs.Select(pair => pair.NvJpeg))} was not found; install CUDA 13 or 12, whose nvJPEG it is, or put the folder that holds it on {path}";
        return false;
    }

    /// <summary>What a code of the CUDA runtime means.</summary>
    public string Told(int cudaError) => $"CUDA error {cudaError}, {Marshal.PtrToStringUTF8((nint)getErrorString(cudaError))}";

    // libraryPropertyType: major, minor, patch level.
    private int Property(int which)
    {
        int value = 0;
        return getProperty(which, &value) == 0 ? value : 0;
    }

    /// <summary>nvjpegImage_t: four planes and their bytes per row; interleaved pixels take the first.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct NvJpegImage
    {
        public nint Channel0, Channel1, Channel2, Channel3;
        public nuint Pitch0, Pitch1, Pitch2, Pitch3;
    }
}
