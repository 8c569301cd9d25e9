namespace OnnxTransfer.Cli;

/// <summary>Options that contradict each other or the data: bad usage that the parser cannot see.</summary>
internal sealed class UsageException(string message) : OnnxTransferException(message);
