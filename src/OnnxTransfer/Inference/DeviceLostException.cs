namespace OnnxTransfer.Inference;

/// <summary>
/// A GPU stopped working in a run: fell off the bus, was taken away, or met an error after which CUDA gives it back only to
/// a new process. What was computed before is right.
/// </summary>
public sealed class DeviceLostException : InferenceException
{
    /// <summary>An error with its whole message.</summary>
    public DeviceLostException(string message) : base(message)
    {
    }

    /// <summary>The same, keeping what caused it.</summary>
    public DeviceLostException(string message, Exception? innerException) : base(message, innerException)
    {
    }
}
