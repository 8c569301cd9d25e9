namespace OnnxTransfer.Inference;

/// <summary>Which ONNX Runtime does the work: for reports that shall say so.</summary>
public static class OnnxRuntimeVersion
{
    /// <summary>Such as "1.29.0".</summary>
    /// <exception cref="InferenceException">The native library is missing or too old.</exception>
    public static string Current => RuntimeStart.Version;
}
