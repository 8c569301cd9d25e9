namespace OnnxTransfer;

/// <summary>
/// The base of every error a user can cause and cure. Its message says where, what was found, what was expected and the
/// cure; a program may print it as it stands. Anything else thrown is a fault of this library.
/// </summary>
public class OnnxTransferException : Exception
{
    /// <summary>An error with a message fit for users, and the error below it where there is one.</summary>
    public OnnxTransferException(string message, Exception? innerException = null) : base(message, innerException)
    {
    }
}
