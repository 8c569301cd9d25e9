namespace OnnxTransfer.Training;

/// <summary>How far a training has come, told after every step.</summary>
/// <param name="Epoch">From 0 on.</param>
/// <param name="Epochs">As many as there may be.</param>
/// <param name="Rows">Rows of this epoch done so far.</param>
/// <param name="Total">Rows of an epoch.</param>
/// <param name="Loss">Mean loss of this epoch so far.</param>
/// <param name="Validation">The validation loss of the epoch before; NaN where there is none.</param>
public readonly record struct TrainingProgress(int Epoch, int Epochs, int Rows, int Total, double Loss, double Validation);
