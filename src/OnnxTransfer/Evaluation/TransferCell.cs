namespace OnnxTransfer.Evaluation;

/// <summary>What a way answered to one task, as it is kept in the file of results.</summary>
/// <param name="Key">Names way, settings, items and seed.</param>
/// <param name="Way">For readers.</param>
/// <param name="Labels">For readers.</param>
/// <param name="Repeat">For readers.</param>
/// <param name="Seconds">Time of the training.</param>
/// <param name="Answers">What <see cref="TransferMeasure.Answers"/> keeps of the predictions, test item by test item.</param>
/// <param name="SourceLoss">What the source task lost by fine-tuning; null where that was not measured.</param>
/// <param name="Notes">What a reader should know.</param>
internal sealed record TransferCell(
    string Key, string Way, int Labels, int Repeat, double Seconds, float[] Answers, ProbeLoss? SourceLoss, IReadOnlyList<string> Notes);
