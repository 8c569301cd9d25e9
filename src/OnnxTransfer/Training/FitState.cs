namespace OnnxTransfer.Training;

/// <summary>How far a training of a network has come.</summary>
internal sealed class FitState(TrainingSession session)
{
    /// <summary>The epochs that are finished.</summary>
    public List<EpochReport> Epochs { get; } = [];

    /// <summary>The best of them; -1: none is finished.</summary>
    public int Best { get; set; } = -1;

    /// <summary>The loss before the very first step; NaN: none was done.</summary>
    public double FirstLoss { get; set; } = double.NaN;

    /// <summary>Time of runs that were interrupted.</summary>
    public double Seconds { get; set; }

    /// <summary>The weights after <see cref="Best"/>.</summary>
    public HostWeights BestWeights { get; private set; } = new(session);

    /// <summary>Memory for the weights after the last step.</summary>
    public HostWeights LastWeights { get; private set; } = new(session);

    /// <summary>Whether nothing is left to be done.</summary>
    public bool HasEnded(TrainingSettings settings) =>
        Epochs.Count >= settings.Epochs || (Epochs.Count > 0 && Epochs.Count - 1 - Best >= settings.Patience);

    /// <summary>Adds an epoch with the weights after it; the first, a better one, and every one without validation are the best.</summary>
    public void Add(EpochReport epoch)
    {
        Epochs.Add(epoch);
        if (Best < 0 || double.IsNaN(epoch.Validation) || epoch.Validation < Epochs[Best].Validation)
        {
            Best = Epochs.Count - 1;
            (BestWeights, LastWeights) = (LastWeights, BestWeights);
        }
    }
}
