using Microsoft.ML.OnnxRuntime;

namespace OnnxTransfer.Inference;

/// <summary>
/// Turns the provider asked for into the one that runs: the same one, or an error that says why not. Only
/// <see cref="ExecutionProvider.Auto"/> may fall back, and then says so.
/// </summary>
internal static class ProviderChoice
{
    private const string CudaName = "CUDAExecutionProvider";
    private static readonly string[] CudaWords = ["cuda", "cudnn", "cublas", "cufft"];

    /// <summary>Makes a session by <paramref name="open"/>, which gets options on which the provider is set.</summary>
    public static (T Made, ExecutionProvider Used, string? Note) Open<T>(SessionSettings settings, string model, Func<SessionOptions, ExecutionProvider, T> open)
    {
        if (settings.Provider == ExecutionProvider.Cpu)
        {
            return (OpenWith(settings, model, open), ExecutionProvider.Cpu, null);
        }

        // A build without CUDA was made for the CPU: there is nothing to explain.
        if (settings.Provider == ExecutionProvider.Auto && NotCompiledIn(RuntimeStart.CompiledProviders) is not null)
        {
            return (OpenWith(settings with { Provider = ExecutionProvider.Cpu }, model, open), ExecutionProvider.Cpu, "this build carries ONNX Runtime's CPU flavour");
        }

        try
        {
            var cuda = settings with { Provider = ExecutionProvider.Cuda };
            return (OpenWith(cuda, model, open), ExecutionProvider.Cuda, null);
        }
        catch (ProviderException e) when (settings.Provider == ExecutionProvider.Auto)
        {
            var cpu = settings with { Provider = ExecutionProvider.Cpu };
            return (OpenWith(cpu, model, open), ExecutionProvider.Cpu, $"CPU in use: {e.Message}");
        }
    }

    /// <summary>The message for a CUDA that is not compiled in, or null where it is.</summary>
    public static string? NotCompiledIn(IReadOnlyList<string> compiled) => compiled.Contains(CudaName)
        ? null
        : $"provider cuda: this build carries ONNX Runtime's CPU flavour (its providers: {string.Join(", ", compiled)}); "
            + "build with -p:OnnxRuntimeFlavor=gpu";

    /// <summary>The message for a CUDA that is compiled in and did not start.</summary>
    public static string NotStarted(string runtimeMessage, IReadOnlyList<string> missing) => missing.Count > 0
        ? $"provider cuda: cannot load {string.Join(", ", missing)}; {CudaLibraries.Cure(missing)}"
        : $"provider cuda: all its libraries load, yet ONNX Runtime could not start it ({runtimeMessage.Trim()}); "
            + "check with nvidia-smi that a GPU is there and free, and that its driver supports CUDA 13";

    private static T OpenWith<T>(SessionSettings settings, string model, Func<SessionOptions, ExecutionProvider, T> open)
    {
        var compiled = RuntimeStart.CompiledProviders;
        using var options = Options(settings);
        if (settings.Provider == ExecutionProvider.Cuda)
        {
            if (NotCompiledIn(compiled) is { } absent)
            {
                throw new ProviderException(absent);
            }

            AppendCuda(options, settings);
        }

        try
        {
            return open(options, settings.Provider);
        }
        catch (OnnxRuntimeException e) when (settings.Provider == ExecutionProvider.Cuda && BlamesCuda(e.Message))
        {
            throw new ProviderException(NotStarted(e.Message, CudaLibraries.Missing()), e);
        }
        catch (OnnxRuntimeException e)
        {
            throw new InferenceException(Refusal.Of(model, RuntimeStart.Version, e.Message), e);
        }
    }

    /// <summary>A GPU that is absent, taken or too old shows only when the session is made, as does a faulty model.</summary>
    internal static bool BlamesCuda(string message) =>
        CudaWords.Any(word => message.Contains(word, StringComparison.OrdinalIgnoreCase));

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

    private static void AppendCuda(SessionOptions options, SessionSettings settings)
    {
        try
        {
            using var cuda = new OrtCUDAProviderOptions();
            cuda.UpdateOptions(new()
            {
                ["device_id"] = $"{settings.Device}",
                ["arena_extend_strategy"] = "kSameAsRequested",
                ["cudnn_conv_algo_search"] = settings.BatchSizeOn(ExecutionProvider.Cuda) > 0 ? "EXHAUSTIVE" : "HEURISTIC",
                ["use_tf32"] = settings.AllowTf32 ? "1" : "0",
            });
            options.AppendExecutionProvider_CUDA(cuda);
        }
        catch (Exception e) when (e is OnnxRuntimeException or EntryPointNotFoundException or DllNotFoundException)
        {
            throw new ProviderException(NotStarted(e.Message, CudaLibraries.Missing()), e);
        }
    }
}
