namespace OnnxTransfer.Inference;

/// <summary>How a model is run.</summary>
public sealed record SessionSettings
{
    /// <summary>What computes.</summary>
    public ExecutionProvider Provider { get; init; } = ExecutionProvider.Auto;

    /// <summary>
    /// Images per run, fixed for the session's life: cuDNN chooses its algorithms anew for every new shape, so the last,
    /// smaller batch is padded. 0: any number of images a run.
    /// </summary>
    public int BatchSize { get; init; }

    /// <summary>The same where a GPU is in use, which wants larger batches; 0: as <see cref="BatchSize"/>.</summary>
    public int CudaBatchSize { get; init; }

    /// <summary>Threads that share one run on the CPU; 0: one per processor this process may use.</summary>
    public int Threads { get; init; }

    /// <summary>
    /// Whether idle threads of the runtime wait by spinning. Off by default because decoding shares the processors: on two
    /// crowded cores, two spinning threads ran SqueezeNet slower than two waiting ones.
    /// </summary>
    public bool Spinning { get; init; }

    /// <summary>Number of the GPU.</summary>
    public int Device { get; init; }

    /// <summary>Whether a GPU may round factors to 10 bits of mantissa (TF32): faster, and no longer float32. TensorRT always does.</summary>
    public bool AllowTf32 { get; init; }

    /// <summary>What else there is to say of a GPU.</summary>
    public GpuSettings Gpu { get; init; } = new();

    /// <summary>Whether the model's convolutions and matrix products are in float16, as found when it is opened.</summary>
    internal bool ComputesInHalf { get; init; }

    internal int BatchSizeOn(ExecutionProvider provider) => provider.IsGpu() && CudaBatchSize > 0 ? CudaBatchSize : BatchSize;
}
