using Microsoft.ML.OnnxRuntime;

namespace OnnxTransfer.Inference;

/// <summary>
/// Turns the provider asked for into the one that runs: the same one, or an error that says why not. Only
/// <see cref="ExecutionProvider.Auto"/> may fall back, and then says so.
/// </summary>
internal static class ProviderChoice
{
    private static readonly string[] GpuWords = ["cuda", "cudnn", "cublas", "cufft", "tensorrt", "nvinfer"];

    /// <summary>Makes a session by <paramref name="open"/>, which gets options on which the provider is set.</summary>
    /// <param name="settings">How.</param>
    /// <param name="model">The model's name, for messages.</param>
    /// <param name="open">Makes it.</param>
    /// <param name="engines">Where TensorRT keeps this model's engines; null: nowhere.</param>
    public static (T Made, ExecutionProvider Used, string? Note) Open<T>(
        SessionSettings settings, string model, Func<SessionOptions, ExecutionProvider, T> open, string? engines = null)
    {
        if (settings.Provider != ExecutionProvider.Auto)
        {
            return (OpenWith(settings, model, open, engines), settings.Provider, null);
        }

        var cpu = settings with { Provider = ExecutionProvider.Cpu, Gpu = new() };
        var cuda = settings with { Provider = ExecutionProvider.Cuda };
        var unused = Unused(settings) is { Length: > 0 } names ? $"; not used: {string.Join(", ", names)}" : "";
        GpuOptions.Check(cuda);

        // A build without CUDA was made for the CPU: there is nothing to explain.
        if (NotCompiledIn(ExecutionProvider.Cuda, RuntimeStart.CompiledProviders) is not null)
        {
            return (OpenWith(cpu, model, open, null), ExecutionProvider.Cpu, $"this build carries ONNX Runtime's CPU flavour{unused}");
        }

        try
        {
            return (OpenWith(cuda, model, open, null), ExecutionProvider.Cuda, null);
        }
        catch (ProviderException e)
        {
            return (OpenWith(cpu, model, open, null), ExecutionProvider.Cpu, $"CPU in use: {e.Message}{unused}");
        }
    }

    // What was asked of a GPU and says nothing to a CPU.
    private static string[] Unused(SessionSettings settings) =>
    [
        .. settings.Device != 0 ? ["device"] : Array.Empty<string>(),
        .. settings.AllowTf32 ? ["tf32"] : Array.Empty<string>(),
        .. settings.Gpu.MemoryLimit > 0 ? ["memory limit"] : Array.Empty<string>(),
        .. settings.Gpu.ConvolutionSearch != ConvolutionSearch.Auto ? ["convolution search"] : Array.Empty<string>(),
        .. settings.Gpu.CudaGraph ? ["CUDA graph"] : Array.Empty<string>(),
        .. settings.Gpu.ProviderOptions.Keys.Order(StringComparer.Ordinal),
    ];

    /// <summary>The message for a GPU provider that is not compiled in, or null where it is.</summary>
    public static string? NotCompiledIn(ExecutionProvider provider, IReadOnlyList<string> compiled) => compiled.Contains(provider.RuntimeName())
        ? null
        : $"provider {provider.Name()}: this build carries ONNX Runtime's CPU flavour (its providers: {string.Join(", ", compiled)}); "
            + "build with -p:OnnxRuntimeFlavor=gpu";

    /// <summary>The message for a GPU provider that is compiled in and did not start.</summary>
    public static string NotStarted(ExecutionProvider provider, string runtimeMessage, IReadOnlyList<string> missing) => missing.Count > 0
        ? $"provider {provider.Name()}: cannot load {string.Join(", ", missing)}; {CudaLibraries.Cure(missing)}"
        : $"provider {provider.Name()}: all its libraries load, yet ONNX Runtime could not start it ({runtimeMessage.Trim()}); "
            + "check with nvidia-smi that a GPU is there and free, and that its driver supports CUDA 13";

    /// <summary>A GPU that is absent, taken or too old shows only when the session is made, as does a faulty model.</summary>
    internal static bool BlamesGpu(string message) =>
        GpuWords.Any(word => message.Contains(word, StringComparison.OrdinalIgnoreCase)) || GpuFault.IsOutOfMemory(message);

    private static T OpenWith<T>(SessionSettings settings, string model, Func<SessionOptions, ExecutionProvider, T> open, string? engines)
    {
        var provider = settings.Provider;
        var compiled = RuntimeStart.CompiledProviders;
        GpuOptions.Check(settings);
        using var options = Options(settings);
        if (provider.IsGpu())
        {
            if (NotCompiledIn(provider, compiled) is { } absent)
            {
                throw new ProviderException(absent);
            }

            GpuAppend.To(options, settings, engines);
        }

        try
        {
            return open(options, provider);
        }
        catch (OnnxRuntimeException e) when (provider.IsGpu() && BlamesGpu(e.Message))
        {
            throw new ProviderException(NotStarted(provider, e.Message, CudaLibraries.Missing(provider)), e);
        }
        catch (OnnxRuntimeException e)
        {
            throw new InferenceException(Refusal.Of(model, RuntimeStart.Version, e.Message), e);
        }
    }

    private static SessionOptions Options(SessionSettings settings)
    {
        var options = new SessionOptions
        {
            // Said explicitly: the runtime's own default ignores container limits and pins its threads to cores.
            IntraOpNumThreads = settings.Threads > 0 ? settings.Threads : Environment.ProcessorCount,
            InterOpNumThreads = 1,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
        };
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", settings.Spinning ? "1" : "0");
        return options;
    }
}
