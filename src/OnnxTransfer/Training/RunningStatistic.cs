namespace OnnxTransfer.Training;

/// <summary>A running statistic of a batch norm in training: a state of the step beside weights and the optimiser's states.</summary>
/// <param name="Name">The initialiser that holds it before the step, [C].</param>
/// <param name="After">The tensor that holds it after the step.</param>
internal sealed record RunningStatistic(string Name, string After);
