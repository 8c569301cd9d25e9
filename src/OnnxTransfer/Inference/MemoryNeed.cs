using OnnxTransfer.Onnx;

namespace OnnxTransfer.Inference;

/// <summary>
/// Refuses a model that could not run in this machine's memory before the runtime tries: a file of a kilobyte may ask for
/// any amount (pads, strides, a huge batch), and a system that lends memory freely kills the process that uses it.
/// </summary>
internal static class MemoryNeed
{
    // A GPU's batches are in flight two at a time: one is copied while the other runs.
    private const int InFlight = 2;

    // Of a GPU's memory, what tensors may take beside cuDNN's and cuBLAS's workspaces and a context's own half a gigabyte.
    private const double ShareForTensors = 0.8;

    /// <summary>
    /// Holds what is alive at once in a run of <paramref name="batch"/> images, as far as shapes can be inferred, against the
    /// memory. A GPU has its own, and its runtime says itself when that is not enough.
    /// </summary>
    /// <exception cref="InferenceException">It needs more than this process may use.</exception>
    public static void Check(OnnxModel model, int batch, ExecutionProvider provider)
    {
        if (provider.IsGpu())
        {
            return;
        }

        var (available, needed) = (Available, Of(model, batch));
        if (needed > available)
        {
            var fits = batch > 1 ? available / Math.Max(1, Of(model, 1)) : 0;
            throw new InferenceException($"{model.Source}: a run of batch {batch} needs {needed / 1e9:F1} GB for its tensors; expected at most the {available / 1e9:F1} GB "
                + $"that this process may use: choose a smaller batch{(fits > 0 ? $" ({fits} would fit)" : "")}, a smaller input or an earlier tap");
        }
    }

    /// <summary>Bytes that this process may use.</summary>
    public static long Available => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    /// <summary>Bytes alive at once in a run of <paramref name="batch"/> images, weights not counted.</summary>
    public static long Of(OnnxModel model, int batch) => ModelProfile.Of(model, TensorShapes.Infer(model, batch)).ActivationBytes;

    /// <summary>About how many images fit into a batch on a GPU with <paramref name="bytes"/> to spare; 0: none, or not known.</summary>
    public static long Fitting(OnnxModel model, long bytes)
    {
        var perImage = Of(model, 1);
        var forTensors = (ShareForTensors * bytes) - (sizeof(float) * (double)model.ParameterCount);
        var fits = perImage <= 0 ? 0 : (long)Math.Max(0, forTensors / (InFlight * (double)perImage));
        return fits > 8 ? fits - (fits % 8) : fits;
    }
}
