using Microsoft.ML.OnnxRuntime;

namespace OnnxTransfer.Inference;

/// <summary>Sets GPU providers on a session's options, in the order in which they are offered the network's nodes.</summary>
internal static class GpuAppend
{
    /// <summary>Sets the provider of <paramref name="settings"/>; behind TensorRT also CUDA, for what TensorRT does not know.</summary>
    /// <exception cref="ProviderException">A library is missing, no GPU answers, or an option is not taken.</exception>
    public static void To(SessionOptions options, SessionSettings settings, string? engines)
    {
        if (settings.Provider == ExecutionProvider.TensorRT)
        {
            Append(ExecutionProvider.TensorRT, settings, () => new OrtTensorRTProviderOptions(), given => given.GetOptions(),
                (given, values) => given.UpdateOptions(values), options.AppendExecutionProvider_Tensorrt, GpuOptions.TensorRT(settings, engines));
        }

        Append(ExecutionProvider.Cuda, settings, () => new OrtCUDAProviderOptions(), given => given.GetOptions(),
            (given, values) => given.UpdateOptions(values), options.AppendExecutionProvider_CUDA, GpuOptions.Cuda(settings));
    }

    // The runtime has a class of options per provider, alike but for their names.
    private static void Append<T>(
        ExecutionProvider provider, SessionSettings settings, Func<T> make, Func<T, string> list, Action<T, Dictionary<string, string>> update,
        Action<T> append, Dictionary<string, string> values)
        where T : class, IDisposable
    {
        string? listed = null;
        try
        {
            using var given = make();
            listed = list(given);
            update(given, values);
            append(given);
        }
        catch (Exception e) when (e is OnnxRuntimeException or EntryPointNotFoundException or DllNotFoundException)
        {
            throw new ProviderException(
                OptionRefusal.Of(provider, values, listed, e.Message) ?? ProviderChoice.NotStarted(settings.Provider, e.Message, CudaLibraries.Missing(settings.Provider)), e);
        }
    }
}
