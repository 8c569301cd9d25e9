namespace OnnxTransfer.Embeddings;

/// <summary>An embedding cache that cannot be read or written: the message names the file, what was found, and the cure.</summary>
public sealed class CacheException(string message, Exception? innerException = null)
    : OnnxTransferException(message, innerException);
