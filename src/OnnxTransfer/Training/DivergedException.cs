namespace OnnxTransfer.Training;

/// <summary>A training whose loss is no longer finite, or has exploded; the message names the epoch, the loss and the cure.</summary>
public sealed class DivergedException : TrainingException
{
    internal DivergedException(string message, TrainedNetwork? kept) : base(message) => Kept = kept;

    /// <summary>Whether an epoch went well before, whose weights are kept.</summary>
    public bool HasKept => Kept is not null;

    /// <summary>The network with the best weights before; null where the first epoch diverged.</summary>
    internal TrainedNetwork? Kept { get; }
}
