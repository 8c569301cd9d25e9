namespace OnnxTransfer.Evaluation;

/// <summary>A study of transfer that cannot be made: data, ways or its file of results do not fit, or its report cannot be written; the message says which and the cure.</summary>
public sealed class TransferException(string message, Exception? inner = null) : OnnxTransferException(message, inner);
