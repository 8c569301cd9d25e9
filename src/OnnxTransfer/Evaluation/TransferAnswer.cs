using OnnxTransfer.Numerics;

namespace OnnxTransfer.Evaluation;

/// <summary>What a <see cref="TransferWay"/> answers.</summary>
/// <param name="Predictions">
/// A row for each test item: k probabilities, or m values in the targets' units, as <see cref="Heads.IHead.Predict(IRows)"/> gives them.
/// </param>
/// <param name="Seconds">Time of the training, interrupted runs of it included.</param>
public sealed record TransferAnswer(Matrix Predictions, double Seconds)
{
    /// <summary>What the source task lost by fine-tuning; null where that was not measured.</summary>
    public ProbeLoss? SourceLoss { get; init; }

    /// <summary>What a reader should know.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>
    /// Called once the answer is in <see cref="TransferStudy.Results"/>: what the training left behind, a checkpoint say, may go then, and
    /// not before. Null: nothing is left behind.
    /// </summary>
    public Action? Kept { get; init; }
}
