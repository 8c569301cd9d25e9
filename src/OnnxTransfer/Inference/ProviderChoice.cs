using Microsoft.ML.OnnxRuntime;

namespace OnnxTransfer.Inference;

/// <summary>
/// Turns the provider asked for into the one that runs: the same one, or an error that says why not. Only
/// <see cref="ExecutionProvider.Auto"/> may fall back, and then says so.
/// </summary>
internal static class ProviderChoice
{
    private const string CudaName = "CUDAExecutionProvider";

    /// <summary>
    /// Calls <paramref name="open"/> with options on which the provider is set; <paramref name="open"/> makes the session,
    /// where a GPU that is absent or too old first shows.
    /// </summary>
    public static (T Made, ExecutionProvider Used, string? Note) Open<T>(SessionSettings settings, string model, Func<SessionOptions, ExecutionProvider, T> open)
    {
        if (settings.Provider == ExecutionProvider.Cpu)
        {
            return (OpenWith(settings, model, open), ExecutionProvider.Cpu, null);
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
        if (settings.Provider != ExecutionProvider.Cuda)
        {
            try
            {
                return open(options, settings.Provider);
            }
            catch (OnnxRuntimeException e)
            {
                throw new InferenceException($"{model}: ONNX Runtime {RuntimeStart.Version} refuses the model: {e.Message.Trim()}", e);
            }
        }

        if (NotCompiledIn(compiled) is { } absent)
        {
            throw new ProviderException(absent);
        }

        try
        {
            AppendCuda(options, settings);
            return open(options, settings.Provider);
        }
        catch (Exception e) when (e is OnnxRuntimeException or EntryPointNotFoundException or DllNotFoundException)
        {
            throw new ProviderException(NotStarted(e.Message, CudaLibraries.Missing()), e);
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

    private static void AppendCuda(SessionOptions options, SessionSettings settings)
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
}
