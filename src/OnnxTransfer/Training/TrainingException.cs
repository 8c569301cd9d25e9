namespace OnnxTransfer.Training;

/// <summary>A graph that no gradients can be made for; the message names the node, what was found and the cure.</summary>
public sealed class TrainingException(string message) : OnnxTransferException(message);
