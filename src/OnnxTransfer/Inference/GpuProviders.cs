namespace OnnxTransfer.Inference;

/// <summary>What the providers on a GPU have in common.</summary>
internal static class GpuProviders
{
    /// <summary>Whether tensors lie in a GPU's memory.</summary>
    public static bool IsGpu(this ExecutionProvider provider) => provider is ExecutionProvider.Cuda or ExecutionProvider.TensorRT;

    /// <summary>Refuses a provider that compiles a network once for many runs where a graph is to be trained.</summary>
    /// <exception cref="ProviderException">It is TensorRT.</exception>
    public static ExecutionProvider ForTraining(this ExecutionProvider provider) => provider != ExecutionProvider.TensorRT
        ? provider
        : throw new ProviderException("provider tensorrt: runs networks and fits no heads; ask for cuda or cpu");

    /// <summary>As it is written in messages and on the command line.</summary>
    public static string Name(this ExecutionProvider provider) => provider.ToString().ToLowerInvariant();

    /// <summary>As ONNX Runtime calls it.</summary>
    public static string RuntimeName(this ExecutionProvider provider) => provider switch
    {
        ExecutionProvider.Cuda => "CUDAExecutionProvider",
        ExecutionProvider.TensorRT => "TensorrtExecutionProvider",
        _ => "CPUExecutionProvider",
    };
}
