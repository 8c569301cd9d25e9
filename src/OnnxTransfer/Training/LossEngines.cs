using OnnxTransfer.Inference;

namespace OnnxTransfer.Training;

/// <summary>Chooses the engine for a problem.</summary>
internal static class LossEngines
{
    /// <summary>An engine with products in float32: the fastest measured on the processor, or ONNX Runtime on a GPU.</summary>
    /// <exception cref="ProviderException">The provider asked for does not work here.</exception>
    public static ILossEngine Single(LossProblem problem, ExecutionProvider provider = ExecutionProvider.Cpu) =>
        provider == ExecutionProvider.Cpu ? new ManagedLossEngine<float>(problem) : OnnxLossEngine.Open(problem, provider);

    /// <summary>The same on the processor in float64: for the last digits of an objective.</summary>
    public static ILossEngine Double(LossProblem problem) => new ManagedLossEngine<double>(problem);
}
