namespace OnnxTransfer.Backbones;

/// <summary>A backbone cannot be found, or its description and its file do not fit together; the message says the cure.</summary>
public sealed class BackboneException : OnnxTransferException
{
    /// <summary>An error with its whole message: found, where, expected, cure.</summary>
    public BackboneException(string message) : base(message)
    {
    }

    /// <summary>The same, keeping what caused it.</summary>
    public BackboneException(string message, Exception? innerException) : base(message, innerException)
    {
    }
}
