namespace OnnxTransfer.Inference;

/// <summary>What computes: the execution provider of ONNX Runtime.</summary>
public enum ExecutionProvider
{
    /// <summary>CUDA where it works, otherwise the CPU, saying why.</summary>
    Auto,

    /// <summary>The processor.</summary>
    Cpu,

    /// <summary>An NVIDIA GPU; an error where it does not work, never the CPU instead.</summary>
    Cuda,

    /// <summary>
    /// An NVIDIA GPU through TensorRT, which compiles the network for that GPU first: minutes, unless its engine was kept
    /// (<see cref="GpuSettings.EngineCache"/>). What TensorRT does not know runs on CUDA. An error where it does not work.
    /// </summary>
    TensorRT,
}
