namespace OnnxTransfer.Training;

/// <summary>One epoch of a training.</summary>
/// <param name="Loss">Mean loss of its steps, each before its update.</param>
/// <param name="Validation">Mean loss of the validation rows after it; NaN where there are none.</param>
/// <param name="LearningRate">At its last step.</param>
/// <param name="Seconds">Time of its steps.</param>
public sealed record EpochReport(double Loss, double Validation, double LearningRate, double Seconds);
