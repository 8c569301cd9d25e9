using OnnxTransfer.Onnx;

namespace OnnxTransfer.Inference;

/// <summary>
/// Refuses a model that could not run in this machine's memory before the runtime tries: a file of a kilobyte may ask for
/// any amount (pads, strides, a huge batch), and a system that lends memory freely kills the process that uses it.
/// </summary>
internal static class MemoryNeed
{
    /// <summary>
    /// Holds what is alive at once in a run of <paramref name="batch"/> images, as far as shapes can be inferred, against the
    /// memory. A GPU has its own, and its runtime says itself when that is not enough.
    /// </summary>
    /// <exception cref="InferenceException">It needs more than this process may use.</exception>
    public static void Check(OnnxModel model, int batch, ExecutionProvider provider)
    {
        if (provider == ExecutionProvider.Cuda)
        {
            return;
        }

        var (available, needed) = (Available, Of(model, batch));
        if (needed > available)
        {
            // Tensors grow with the batch, near enough.
            var fits = (int)Math.Min(batch - 1, batch * (double)available / needed);
            while (fits > 0 && Of(model, fits) > available)
            {
                fits--;
            }

            var cure = fits > 0 ? $"a batch of {fits} would fit; or choose" : "not even a batch of 1 fits: choose";
            throw new InferenceException($"{model.Source}: a run of batch {batch} needs {needed / 1e9:F1} GB for its tensors; expected at most the {available / 1e9:F1} GB "
                + $"that this process may use: {cure} a smaller input or an earlier tap");
        }
    }

    /// <summary>Bytes that this process may use.</summary>
    public static long Available => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    /// <summary>Bytes alive at once in a run of <paramref name="batch"/> images, weights not counted.</summary>
    public static long Of(OnnxModel model, int batch) => ModelProfile.Of(model, TensorShapes.Infer(model, batch)).ActivationBytes;
}
