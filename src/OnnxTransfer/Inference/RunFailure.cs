using OnnxTransfer.Onnx;

namespace OnnxTransfer.Inference;

/// <summary>The errors of a run: which it was, and what to do about it.</summary>
internal static class RunFailure
{
    /// <summary>
    /// The error for what the runtime said of a run.
    /// </summary>
    /// <param name="model">The model run.</param>
    /// <param name="provider">Where.</param>
    /// <param name="settings">How it was opened.</param>
    /// <param name="memory">The GPU's memory before the session took any; null where that is not known.</param>
    /// <param name="cause">The runtime's error.</param>
    public static InferenceException Of(OnnxModel model, ExecutionProvider provider, SessionSettings settings, (long Free, long Total)? memory, Exception cause)
    {
        var message = cause.Message.Trim();
        return !provider.IsGpu() ? new InferenceException($"{model.Source}: ONNX Runtime failed on {provider.Name()}: {message}", cause)
            : GpuFault.IsOutOfMemory(message) ? new InferenceException(OutOfMemory(model, provider, settings, memory, message), cause)
            : GpuFault.IsLost(message) ? new DeviceLostException(Lost(model, provider, settings.Device, message), cause)
            : new InferenceException($"{model.Source}: ONNX Runtime failed on {provider.Name()}: {message}", cause);
    }

    private static string Lost(OnnxModel model, ExecutionProvider provider, int device, string message) =>
        $"{model.Source}: GPU {device} was lost in a run on {provider.Name()} ({GpuFault.Brief(message)}); batches that were finished are right, and embeddings in the cache stay; "
        + "look at nvidia-smi and the system's log (dmesg, lines with Xid), then run again: only what is missing is computed";

    private static string OutOfMemory(OnnxModel model, ExecutionProvider provider, SessionSettings settings, (long Free, long Total)? memory, string message)
    {
        var batch = settings.BatchSizeOn(provider);
        var limit = settings.Gpu.MemoryLimit;
        var usable = limit > 0 ? Math.Min(limit, memory?.Free ?? limit) : memory?.Free;
        var found = $"{model.Source}: the memory of GPU {settings.Device} is too small for {(batch > 0 ? $"batches of {batch}" : "this run")} ({GpuFault.Brief(message)})";
        if (usable is not { } bytes)
        {
            return $"{found}; ask for a smaller batch, or end what else uses the GPU";
        }

        var most = limit > 0 && bytes == limit ? $"{bytes / 1e9:F1} GB were allowed" : $"{bytes / 1e9:F1} of {memory!.Value.Total / 1e9:F1} GB were free";
        var fits = MemoryNeed.Fitting(model, bytes);
        return fits == 0 || (batch > 0 && fits >= batch)
            ? $"{found}; {most}: ask for a smaller batch, or end what else uses the GPU"
            : $"{found}; {most}: about {fits} images fit, so ask for batches of {fits} or fewer";
    }
}
