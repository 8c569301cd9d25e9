namespace OnnxTransfer.Inference;

/// <summary>ONNX Runtime could not be loaded, or refused a model or a run; the message says which, why, and the cure.</summary>
public class InferenceException : OnnxTransferException
{
    /// <summary>An error with its whole message.</summary>
    public InferenceException(string message) : base(message)
    {
    }

    /// <summary>The same, keeping what caused it.</summary>
    public InferenceException(string message, Exception? innerException) : base(message, innerException)
    {
    }
}
