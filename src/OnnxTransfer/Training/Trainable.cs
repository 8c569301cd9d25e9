namespace OnnxTransfer.Training;

/// <summary>A weight of a forward graph that is to be trained.</summary>
/// <param name="Name">Its name in the graph.</param>
/// <param name="Decay">Its weight decay; biases as a rule have none.</param>
/// <param name="Rate">Its learning rate as a part of the step's: early stages as a rule learn more slowly.</param>
internal sealed record Trainable(string Name, double Decay = 0, double Rate = 1);
