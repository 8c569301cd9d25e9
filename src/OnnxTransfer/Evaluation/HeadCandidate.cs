using OnnxTransfer.Heads;

namespace OnnxTransfer.Evaluation;

/// <summary>One head among those compared.</summary>
/// <param name="Name">What it is called in the table.</param>
/// <param name="Trainer">Its settings.</param>
/// <param name="Scores">Its folds; null where it was left out.</param>
/// <param name="Mean">Mean of the metric over the folds; NaN where it was left out.</param>
/// <param name="Interval">Its 95 % interval, by Student's t corrected for overlapping train rows.</param>
/// <param name="PValue">How probable a difference from the best as large as this is, were there none; 1 for the best itself.</param>
/// <param name="Seconds">Time of its folds.</param>
/// <param name="LeftOut">Why there are no folds: the time budget, or the error of its fit; null where there are.</param>
public sealed record HeadCandidate(
    string Name, IHeadTrainer Trainer, CrossValidationScores? Scores, double Mean, Interval Interval, double PValue, double Seconds, string? LeftOut);
