namespace OnnxTransfer.Inference;

/// <summary>The provider asked for does not work here; the message names what is missing and the cure.</summary>
public sealed class ProviderException : InferenceException
{
    /// <summary>An error with its whole message.</summary>
    public ProviderException(string message) : base(message)
    {
    }

    /// <summary>The same, keeping what caused it.</summary>
    public ProviderException(string message, Exception? innerException) : base(message, innerException)
    {
    }
}
