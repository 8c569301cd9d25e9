using OnnxTransfer.Inference;

namespace OnnxTransfer.Backbones;

/// <summary>What a user should know of how a backbone came to run where it runs.</summary>
internal static class GpuNotes
{
    public static IEnumerable<string> Of(OnnxSession session, BackboneSettings settings)
    {
        if (session.Provider == ExecutionProvider.Cpu && settings.Devices.Count > 1)
        {
            yield return $"GPUs {string.Join(", ", settings.Devices)} were asked for and none is in use";
        }

        if (session.Provider == ExecutionProvider.TensorRT && settings.Precision == Precision.Fp32)
        {
            yield return "TensorRT rounds the factors of fp32 to TF32, 10 bits of mantissa; embeddings count as tensorrt tf32";
        }

        if (session.Provider == ExecutionProvider.TensorRT && settings.Gpu.EngineCache is null)
        {
            yield return "TensorRT compiled the network, and keeps nothing of it: name a folder for its engines to spare that next time";
        }

        if (session.SearchNote is { } measured)
        {
            yield return measured;
        }
    }
}
