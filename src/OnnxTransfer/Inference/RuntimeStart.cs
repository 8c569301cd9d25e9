using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace OnnxTransfer.Inference;

/// <summary>
/// Starts ONNX Runtime, once per process, before anything else touches it: usage data off, log quiet (its errors arrive
/// as exceptions). Every use of the runtime comes through here.
/// </summary>
internal static class RuntimeStart
{
    private static readonly Lazy<OrtEnv> Started = new(Start);

    /// <summary>The running environment.</summary>
    /// <exception cref="InferenceException">The native library is missing or too old.</exception>
    public static OrtEnv Environment
    {
        get
        {
            try
            {
                return Started.Value;
            }
            catch (Exception e) when (Native(e) is { } cause)
            {
                throw new InferenceException(
                    $"ONNX Runtime's native library could not be used ({cause.Message.Split('\n')[0].Trim()}); expected libonnxruntime 1.29 beside "
                    + $"{AppContext.BaseDirectory}: the application must reference Microsoft.ML.OnnxRuntime (CPU) or Microsoft.ML.OnnxRuntime.Gpu",
                    e);
            }
        }
    }

    /// <summary>Starts it beside the caller's own work; what fails is told when it is used.</summary>
    public static void Begin() => Task.Run(() => Started.Value);

    /// <summary>ONNX Runtime's version.</summary>
    public static string Version => Environment.GetVersionString();

    /// <summary>The providers compiled into the native library, which may still fail to load.</summary>
    public static IReadOnlyList<string> CompiledProviders => Environment.GetAvailableProviders();

    private static OrtEnv Start()
    {
        DisableTelemetry();
        if (OrtEnv.IsCreated)
        {
            // Someone else in this process started it; its log level is theirs.
            return OrtEnv.Instance();
        }

        var options = new EnvironmentCreationOptions { logId = "OnnxTransfer", logLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        return OrtEnv.CreateInstanceWithOptions(ref options);
    }

    /// <summary>
    /// Since 1.29 the runtime sends usage data on Linux too and writes to the home folder, unless this is set in the native
    /// environment, which .NET's own SetEnvironmentVariable does not reach on Unix. A user's own setting is left alone.
    /// </summary>
    private static void DisableTelemetry()
    {
        const string Name = "ORT_DISABLE_TELEMETRY";
        if (OperatingSystem.IsWindows())
        {
            System.Environment.SetEnvironmentVariable(Name, System.Environment.GetEnvironmentVariable(Name) ?? "1");
        }
        else if (SetEnv(Name, "1", overwrite: 0) != 0)
        {
            throw new InferenceException($"{Name} could not be set (errno {Marshal.GetLastPInvokeError()}); set it to 1 before starting");
        }
    }

    private static Exception? Native(Exception? e) => e switch
    {
        null => null,
        DllNotFoundException or EntryPointNotFoundException or BadImageFormatException => e,
        _ => Native(e.InnerException),
    };

    [DllImport("libc", EntryPoint = "setenv", SetLastError = true)]
    private static extern int SetEnv([MarshalAs(UnmanagedType.LPUTF8Str)] string name, [MarshalAs(UnmanagedType.LPUTF8Str)] string value, int overwrite);
}
