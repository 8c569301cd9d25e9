namespace OnnxTransfer.Onnx;

/// <summary>An ONNX file or graph is not what was expected; the message says what was found, where, and the cure.</summary>
public class OnnxException : OnnxTransferException
{
    /// <summary>An error with its whole message: found, where, expected, cure.</summary>
    public OnnxException(string message) : base(message)
    {
    }

    /// <summary>The same, keeping what caused it.</summary>
    public OnnxException(string message, Exception? innerException) : base(message, innerException)
    {
    }
}
