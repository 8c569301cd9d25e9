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
}
