namespace OnnxTransfer.Inference;

/// <summary>An NVIDIA GPU of this machine, as the CUDA runtime describes it.</summary>
/// <param name="Number">Its number, as in <see cref="SessionSettings.Device"/>.</param>
/// <param name="Name">Its name, such as NVIDIA H200.</param>
/// <param name="MemoryBytes">All of its memory.</param>
/// <param name="FreeBytes">How much of it was free.</param>
/// <param name="ComputeCapability">What its kernels are compiled for, such as 9.0; null where it does not say.</param>
/// <param name="Runtime">Version of the CUDA runtime; null where it does not say.</param>
/// <param name="Driver">The newest CUDA version that its driver runs; null where it does not say.</param>
public sealed record GpuDevice(int Number, string Name, long MemoryBytes, long FreeBytes, Version? ComputeCapability, Version? Runtime, Version? Driver)
{
    /// <summary>The GPUs this process may use; none where there is no CUDA runtime (libcudart) or no driver.</summary>
    public static IReadOnlyList<GpuDevice> All() => CudaApi.TryLoad(out var cuda)
        ? [.. Enumerable.Range(0, cuda.DeviceCount).Select(number => Of(cuda, number)).OfType<GpuDevice>()]
        : [];

    private static GpuDevice? Of(CudaApi cuda, int number) => cuda.DeviceName(number) is { } name && cuda.Memory(number) is var (free, total)
        ? new(number, name, total, free, cuda.ComputeCapability(number), cuda.RuntimeVersion, cuda.DriverVersion)
        : null;
}
