using OnnxTransfer.Training;
using OnnxTransfer.Training.Losses;

namespace OnnxTransfer.Heads.Tuning;

/// <summary><see cref="NetworkFit"/> for those who go on with the best weights there were when a training diverged.</summary>
internal static class KeptFit
{
    /// <summary>Trains; where that diverges after an epoch that went well, gives its weights, and the message among the notes.</summary>
    /// <returns>What came of it, and how it diverged; null: it did not.</returns>
    /// <exception cref="DivergedException">No epoch went well before.</exception>
    /// <inheritdoc cref="NetworkFit.Run"/>
    public static (TrainedNetwork Trained, string? Diverged) Run(
        TrainableNetwork network,
        GraphLoss loss,
        ITrainingRows train,
        ITrainingRows? validation,
        TrainingSettings settings,
        Action<TrainingProgress>? progress,
        string data,
        CancellationToken cancellation)
    {
        try
        {
            return (NetworkFit.Run(network, loss, train, validation, settings, progress, data, cancellation), null);
        }
        catch (DivergedException error) when (error.Kept is { } kept)
        {
            return (kept with { Notes = [.. kept.Notes, error.Message] }, error.Message);
        }
    }
}
