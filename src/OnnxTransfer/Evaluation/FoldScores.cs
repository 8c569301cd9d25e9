using OnnxTransfer.Heads;

namespace OnnxTransfer.Evaluation;

/// <summary>What one fold of a cross-validation gave.</summary>
/// <param name="Repeat">Which repetition, from 0.</param>
/// <param name="Fold">Which fold of it, from 0.</param>
/// <param name="TrainCount">Rows fitted on.</param>
/// <param name="Chosen">What the fit chose for itself: its L2, say.</param>
/// <param name="Scores">Scores on the fold's test rows.</param>
/// <param name="Seconds">Time of fit and measurement.</param>
public sealed record FoldScores(int Repeat, int Fold, int TrainCount, Setting? Chosen, Scores Scores, double Seconds);
