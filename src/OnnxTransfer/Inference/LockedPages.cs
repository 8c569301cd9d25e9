using System.Runtime.InteropServices;

namespace OnnxTransfer.Inference;

/// <summary>Page-locked memory, given back once and at the latest by the finalizer.</summary>
internal sealed class LockedPages : SafeHandle
{
    private readonly CudaApi _cuda;

    private LockedPages(CudaApi cuda, nint address) : base(0, ownsHandle: true)
    {
        _cuda = cuda;
        SetHandle(address);
    }

    public override bool IsInvalid => handle == 0;

    /// <summary>Where it lies.</summary>
    /// <exception cref="ObjectDisposedException">It was given back.</exception>
    public nint Address
    {
        get
        {
            ObjectDisposedException.ThrowIf(IsClosed, this);
            return handle;
        }
    }

    /// <summary>Zeroed pages for <paramref name="device"/>; null where the driver gives none, and then why.</summary>
    public static unsafe LockedPages? Allocate(int device, long bytes, out string? failure)
    {
        failure = null;
        if (bytes == 0)
        {
            return null;
        }

        if (!CudaApi.TryLoad(out var cuda))
        {
            failure = "the CUDA runtime (libcudart) cannot be loaded";
            return null;
        }

        (var address, failure) = cuda.AllocateHost(device, bytes);
        if (failure is not null)
        {
            return null;
        }

        NativeMemory.Clear((void*)address, checked((nuint)bytes));
        return new(cuda, address);
    }

    protected override bool ReleaseHandle() => _cuda.FreeHost(handle);
}
