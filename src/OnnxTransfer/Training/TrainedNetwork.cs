using OnnxTransfer.Onnx;

namespace OnnxTransfer.Training;

/// <summary>What came of a training.</summary>
/// <param name="Model">The network with its best weights, batch norms in prediction mode with their running statistics.</param>
/// <param name="Epochs">What happened in each epoch.</param>
/// <param name="Best">The epoch, from 0 on, whose weights those are.</param>
/// <param name="Seconds">Time of all of it, of interrupted runs too.</param>
/// <param name="Notes">What a reader should know.</param>
internal sealed record TrainedNetwork(OnnxModel Model, IReadOnlyList<EpochReport> Epochs, int Best, double Seconds, IReadOnlyList<string> Notes);

/// <summary>One epoch of a training.</summary>
/// <param name="Loss">Mean loss of its steps, each before its update.</param>
/// <param name="Validation">Mean loss of the validation rows after it; NaN where there are none.</param>
/// <param name="LearningRate">At its last step.</param>
/// <param name="Seconds">Time of its steps.</param>
public sealed record EpochReport(double Loss, double Validation, double LearningRate, double Seconds);
