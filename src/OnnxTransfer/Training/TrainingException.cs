namespace OnnxTransfer.Training;

/// <summary>A training that cannot begin or go on, for its graph, its settings or a file; the message says where, what was found and the cure.</summary>
public class TrainingException(string message, Exception? innerException = null) : OnnxTransferException(message, innerException);
