using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace OnnxTransfer.Inference;

/// <summary>
/// Zeroed memory of the host that never moves: ordinary, or page-locked for a GPU. From ordinary memory a GPU's driver
/// copies piece by piece while the thread waits; from page-locked memory the GPU copies by itself, under another run.
/// </summary>
internal sealed unsafe class HostMemory<T> : IDisposable
    where T : unmanaged
{
    private readonly T[] _values = [];
    private readonly LockedPages? _pages;
    private readonly int _length;

    /// <summary>Memory for <paramref name="length"/> values.</summary>
    /// <param name="length">How many.</param>
    /// <param name="device">The GPU to page-lock them for; null: ordinary memory.</param>
    public HostMemory(int length, int? device)
    {
        _length = length;
        string? failure = null;
        _pages = device is { } number ? LockedPages.Allocate(number, checked((long)length * sizeof(T)), out failure) : null;
        LockFailure = failure;
        if (_pages is null)
        {
            _values = GC.AllocateArray<T>(length, pinned: true);
        }
    }

    /// <summary>Why it is ordinary memory where page-locked was asked for; null otherwise.</summary>
    public string? LockFailure { get; }

    /// <summary>The values.</summary>
    /// <exception cref="ObjectDisposedException">It was page-locked and given back.</exception>
    public Span<T> Span => _pages is null ? _values.AsSpan() : new Span<T>((void*)_pages.Address, _length);

    /// <summary>The runtime's view of it; it must not outlive this.</summary>
    public OrtValue ToRuntime(TensorElementType type, long[] shape)
    {
        var address = _pages?.Address ?? Marshal.UnsafeAddrOfPinnedArrayElement(_values, 0);
        return OrtValue.CreateTensorValueWithData(OrtMemoryInfo.DefaultInstance, type, shape, address, (long)_length * sizeof(T));
    }

    public void Dispose() => _pages?.Dispose();
}
