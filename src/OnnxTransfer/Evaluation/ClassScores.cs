namespace OnnxTransfer.Evaluation;

/// <summary>One class by itself; a quotient with nothing below the line is 0 (scikit-learn's zero_division=0).</summary>
/// <param name="Name">The class.</param>
/// <param name="Precision">Of the rows predicted to be of this class, the part that is.</param>
/// <param name="Recall">Of the rows of this class, the part predicted to be.</param>
/// <param name="F1">Harmonic mean of both.</param>
/// <param name="Count">Rows of this class.</param>
public sealed record ClassScores(string Name, double Precision, double Recall, double F1, int Count);
