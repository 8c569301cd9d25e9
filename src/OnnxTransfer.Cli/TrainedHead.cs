using OnnxTransfer.Embeddings;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Heads;
using OnnxTransfer.Heads.FineTuning;

namespace OnnxTransfer.Cli;

/// <summary>A head fitted on one backbone's embeddings, with its scores.</summary>
/// <param name="Backbone">The backbone's name, or "numbers".</param>
/// <param name="Embedding">What was embedded.</param>
/// <param name="Width">Values the head takes.</param>
/// <param name="Source">The source's embeddings; null without one.</param>
/// <param name="Trainer">What fitted the head.</param>
/// <param name="Head">The head.</param>
/// <param name="Fit">How it was fitted.</param>
/// <param name="Test">Scores on the test split; null without one.</param>
/// <param name="Folds">Its cross-validation; null where none was asked for.</param>
/// <param name="Selection">What <c>--head auto</c> compared; null otherwise.</param>
/// <param name="Shift">How far the source domain is from the data; null without one.</param>
internal sealed record TrainedHead(
    string Backbone, EmbedRun Embedding, int Width, EmbeddingSet? Source, IHeadTrainer Trainer, IHead Head, FitReport Fit, Scores? Test, CrossValidationScores? Folds,
    SelectionResult? Selection, DomainShift? Shift)
{
    /// <summary>What it is, for reports and model cards.</summary>
    public string Kind { get; init; } = Trainer.Kind;

    /// <summary>How its backbone was fine-tuned; null where that is as it was.</summary>
    public FineTuningReport? Tuning { get; init; }
}
