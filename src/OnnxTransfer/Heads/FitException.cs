namespace OnnxTransfer.Heads;

/// <summary>Embeddings, labels or targets that nothing can be learned from; the message names the row and the cure.</summary>
public sealed class FitException(string message) : OnnxTransferException(message);
