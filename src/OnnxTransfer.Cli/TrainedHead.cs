using OnnxTransfer.Embeddings;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Heads;
using OnnxTransfer.Heads.Tuning;

namespace OnnxTransfer.Cli;

/// <summary>A head fitted on one backbone's embeddings, with its scores.</summary>
/// <param name="Backbone">The backbone's name, or "numbers".</param>
/// <param name="Embedding">What was embedded.</param>
/// <param name="Views">The augmented views that were fitted on.</param>
/// <param name="TestViews">The augmented views that the scores on the test split average over.</param>
/// <param name="Width">Values the head takes.</param>
/// <param name="Source">The source's embeddings; null without one.</param>
/// <param name="Kind">What it is, for reports and model cards: the kind of its trainer, fine-tuned or from scratch.</param>
/// <param name="Head">The head.</param>
/// <param name="Fit">How it was fitted.</param>
/// <param name="Test">Scores on the test split; null without one.</param>
/// <param name="Folds">Its cross-validation; null where none was asked for.</param>
/// <param name="Selection">What <c>--head auto</c> compared; null otherwise.</param>
/// <param name="Shift">How far the source domain is from the data; null without one.</param>
internal sealed record TrainedHead(
    string Backbone, EmbedRun Embedding, IReadOnlyList<EmbedRun> Views, IReadOnlyList<EmbedRun> TestViews, int Width, EmbeddingSet? Source, string Kind, IHead Head, FitReport Fit, Scores? Test, CrossValidationScores? Folds,
    SelectionResult? Selection, DomainShift? Shift)
{
    /// <summary>How its backbone was fine-tuned, or trained from scratch; null where that is as it was.</summary>
    public FineTuningReport? Tuning { get; init; }
}
