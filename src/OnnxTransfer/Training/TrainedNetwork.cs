using OnnxTransfer.Onnx;

namespace OnnxTransfer.Training;

/// <summary>What came of a training.</summary>
/// <param name="Model">The network with its best weights, batch norms in prediction mode with their running statistics.</param>
/// <param name="Epochs">What happened in each epoch.</param>
/// <param name="Best">The epoch, from 0 on, whose weights those are.</param>
/// <param name="Seconds">Time of all of it, of interrupted runs too.</param>
/// <param name="Notes">What a reader should know.</param>
internal sealed record TrainedNetwork(OnnxModel Model, IReadOnlyList<EpochReport> Epochs, int Best, double Seconds, IReadOnlyList<string> Notes);
