namespace OnnxTransfer.Inference;

/// <summary>How a model is run on a GPU; of no account on the CPU, except that options given there are an error.</summary>
public sealed record GpuSettings
{
    /// <summary>
    /// Bytes of GPU memory that a session's tensors may take (gpu_mem_limit); 0: all there are. cuDNN and cuBLAS take some
    /// more. With TensorRT also the most that one layer may use while it is compiled and run (trt_max_workspace_size).
    /// </summary>
    public long MemoryLimit { get; init; }

    /// <summary>How convolutions are chosen.</summary>
    public ConvolutionSearch ConvolutionSearch { get; init; }

    /// <summary>
    /// Whether convolutions run with channels last (prefer_nhwc), the layout of tensor cores; null: where the network
    /// computes in float16. The pixels already lie so: their transposition and the runtime's cancel out.
    /// </summary>
    public bool? PreferNhwc { get; init; }

    /// <summary>
    /// Whether a run's kernels are recorded once and then started together (enable_cuda_graph): spares the start of each
    /// kernel, which counts for small batches. Needs CUDA, a fixed batch, and a network all of whose nodes run on CUDA; the
    /// batches of a process then run and are copied one after another.
    /// </summary>
    public bool CudaGraph { get; init; }

    /// <summary>
    /// The folder where TensorRT keeps what it compiled, for the same network on the same kind of GPU; null: nothing is kept
    /// nor written. Of no account to CUDA.
    /// </summary>
    public string? EngineCache { get; init; }

    /// <summary>
    /// Further options of the provider by ONNX Runtime's names, in place of those chosen here. With TensorRT the names that
    /// begin with trt_ are its own and the others those of the CUDA behind it.
    /// </summary>
    public IReadOnlyDictionary<string, string> ProviderOptions { get; init; } = new Dictionary<string, string>();
}
