namespace OnnxTransfer.Evaluation;

/// <summary>One of several labels by itself; a quotient with nothing below the line is 0 (scikit-learn's zero_division=0).</summary>
/// <param name="Name">The label.</param>
/// <param name="AveragePrecision">Precision at every recall reached, averaged over the rows that bear the label; 0 where none does.</param>
/// <param name="Precision">Of the rows predicted to bear the label, the part that does.</param>
/// <param name="Recall">Of the rows that bear the label, the part predicted to.</param>
/// <param name="F1">Harmonic mean of both.</param>
/// <param name="Count">Rows that bear the label.</param>
public sealed record SingleLabelScores(string Name, double AveragePrecision, double Precision, double Recall, double F1, int Count);
