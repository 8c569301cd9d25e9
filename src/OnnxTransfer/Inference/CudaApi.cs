using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;

namespace OnnxTransfer.Inference;

/// <summary>
/// The few functions of the CUDA runtime (libcudart) that ONNX Runtime does not offer: which GPUs there are, how much
/// memory they have free, page-locked memory. There or not: nothing of the library itself is referenced.
/// </summary>
internal sealed unsafe class CudaApi
{
    // Of CUDA's cudaDeviceAttr.
    private const int ComputeCapabilityMajor = 75;
    private const int ComputeCapabilityMinor = 76;

    // cudaDeviceProp begins with char name[256]; the rest grows from version to version, and is below 2 KB in 13.
    private const int NameBytes = 256;
    private const int PropertiesBytes = 16384;

    // Page-locked for every GPU, not only the one at hand (cudaHostAllocPortable).
    private const uint Portable = 1;

    private static readonly Lazy<CudaApi?> Loaded = new(Load);

    private readonly delegate* unmanaged<int*, int> _getDeviceCount;
    private readonly delegate* unmanaged<int, int> _setDevice;
    private readonly delegate* unmanaged<byte*, int, int> _getDeviceProperties;
    private readonly delegate* unmanaged<int*, int, int, int> _getAttribute;
    private readonly delegate* unmanaged<nuint*, nuint*, int> _memGetInfo;
    private readonly delegate* unmanaged<int*, int> _runtimeGetVersion;
    private readonly delegate* unmanaged<int*, int> _driverGetVersion;
    private readonly delegate* unmanaged<void**, nuint, uint, int> _hostAlloc;
    private readonly delegate* unmanaged<void*, int> _freeHost;
    private readonly delegate* unmanaged<int, byte*> _getErrorString;

    private CudaApi(nint library)
    {
        _getDeviceCount = (delegate* unmanaged<int*, int>)NativeLibrary.GetExport(library, "cudaGetDeviceCount");
        _setDevice = (delegate* unmanaged<int, int>)NativeLibrary.GetExport(library, "cudaSetDevice");
        _getDeviceProperties = (delegate* unmanaged<byte*, int, int>)NativeLibrary.GetExport(library, "cudaGetDeviceProperties");
        _getAttribute = (delegate* unmanaged<int*, int, int, int>)NativeLibrary.GetExport(library, "cudaDeviceGetAttribute");
        _memGetInfo = (delegate* unmanaged<nuint*, nuint*, int>)NativeLibrary.GetExport(library, "cudaMemGetInfo");
        _runtimeGetVersion = (delegate* unmanaged<int*, int>)NativeLibrary.GetExport(library, "cudaRuntimeGetVersion");
        _driverGetVersion = (delegate* unmanaged<int*, int>)NativeLibrary.GetExport(library, "cudaDriverGetVersion");
        _hostAlloc = (delegate* unmanaged<void**, nuint, uint, int>)NativeLibrary.GetExport(library, "cudaHostAlloc");
        _freeHost = (delegate* unmanaged<void*, int>)NativeLibrary.GetExport(library, "cudaFreeHost");
        _getErrorString = (delegate* unmanaged<int, byte*>)NativeLibrary.GetExport(library, "cudaGetErrorString");
    }

    /// <summary>How many GPUs the driver gives this process; 0 too where there is no driver.</summary>
    public int DeviceCount
    {
        get
        {
            int count;
            return _getDeviceCount(&count) == 0 ? count : 0;
        }
    }

    /// <summary>Version of the CUDA runtime; null where it does not say.</summary>
    public Version? RuntimeVersion
    {
        get
        {
            int version;
            return _runtimeGetVersion(&version) == 0 ? VersionOf(version) : null;
        }
    }

    /// <summary>The newest CUDA version the driver runs; null where it does not say, or where there is none.</summary>
    public Version? DriverVersion
    {
        get
        {
            int version;
            return _driverGetVersion(&version) == 0 && version > 0 ? VersionOf(version) : null;
        }
    }

    /// <summary>The library, loaded at its first use; false where there is none of a known version.</summary>
    public static bool TryLoad([NotNullWhen(true)] out CudaApi? api) => (api = Loaded.Value) is not null;

    /// <summary>The name of a GPU, such as NVIDIA H200, or null.</summary>
    public string? DeviceName(int device)
    {
        byte* properties = stackalloc byte[PropertiesBytes];
        new Span<byte>(properties, PropertiesBytes).Clear();
        return _getDeviceProperties(properties, device) == 0
            ? Encoding.UTF8.GetString(new ReadOnlySpan<byte>(properties, NameBytes)).Split('\0')[0].Trim()
            : null;
    }

    /// <summary>The compute capability of a GPU, such as 9.0, or null.</summary>
    public Version? ComputeCapability(int device)
    {
        int major, minor;
        return _getAttribute(&major, ComputeCapabilityMajor, device) == 0 && _getAttribute(&minor, ComputeCapabilityMinor, device) == 0 ? new(major, minor) : null;
    }

    /// <summary>Bytes of a GPU's memory, free and in all; null where it does not answer. Makes it the thread's GPU.</summary>
    public (long Free, long Total)? Memory(int device)
    {
        nuint free, total;
        return _setDevice(device) == 0 && _memGetInfo(&free, &total) == 0 ? ((long)free, (long)total) : null;
    }

    /// <summary>Page-locked memory of the host, from and to which a GPU copies by itself; null and why where there is none.</summary>
    public (nint Address, string? Failure) AllocateHost(int device, long bytes)
    {
        void* address = null;
        // The GPU is named first: the allocation makes a context on the thread's GPU, which else were number 0.
        int error = _setDevice(device);
        error = error == 0 ? _hostAlloc(&address, checked((nuint)bytes), Portable) : error;
        return error == 0 ? ((nint)address, null) : (0, $"CUDA error {error}: {Marshal.PtrToStringUTF8((nint)_getErrorString(error))}");
    }

    /// <summary>Gives memory of <see cref="AllocateHost"/> back.</summary>
    public bool FreeHost(nint address) => _freeHost((void*)address) == 0;

    private static Version VersionOf(int number) => new(number / 1000, number % 1000 / 10);

    private static CudaApi? Load()
    {
        foreach (var name in CudaLibraries.Runtimes)
        {
            if (NativeLibrary.TryLoad(name, out var library))
            {
                return new(library);
            }
        }

        return null;
    }
}
