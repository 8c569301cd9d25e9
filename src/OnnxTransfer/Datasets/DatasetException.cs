namespace OnnxTransfer.Datasets;

/// <summary>A data set that cannot be used as it is: the message names the file or folder, what was found, and the cure.</summary>
public sealed class DatasetException(string message, Exception? innerException = null)
    : OnnxTransferException(message, innerException);
