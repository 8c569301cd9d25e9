namespace OnnxTransfer.Evaluation;

/// <summary>Scores of one of several targets.</summary>
/// <param name="Name">The target's name.</param>
/// <param name="Scores">Its scores.</param>
public sealed record TargetScores(string Name, RegressionScores Scores);
