using OnnxTransfer.Embeddings;

namespace OnnxTransfer.Heads;

/// <summary>Settings that can be fitted: the one door through which cross-validation and the command line see all trainers.</summary>
public interface IHeadTrainer
{
    /// <summary>Its name on the command line and in model cards: "logistic".</summary>
    string Kind { get; }

    /// <summary>Whether it can learn <paramref name="task"/>.</summary>
    bool Takes(HeadTask task);

    /// <summary>Why its heads cannot be written as ONNX, told before a fit; null: they can.</summary>
    string? WhyNotExported => null;

    /// <summary>Whether a fit chooses something on validation rows (its L2, say); false: everything is given.</summary>
    bool Chooses => true;

    /// <summary>The same trainer with everything fixed that the fit behind <paramref name="report"/> chose for itself (its L2, say).</summary>
    IHeadTrainer Frozen(FitReport report) => this;

    /// <summary>Learns from all rows of <paramref name="set"/>. Fitted twice, the head is the same to the bit.</summary>
    /// <param name="set">Embeddings with labels (classification) or targets (regression).</param>
    /// <param name="progress">Is told how far the fit has come; null: nobody.</param>
    /// <param name="cancellation">Ends the fit with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="FitException">The set cannot be learned from; the message names the row and the cure.</exception>
    HeadFit<IHead> FitAndReport(EmbeddingSet set, Action<FitProgress>? progress = null, CancellationToken cancellation = default);

    /// <summary>The head of <see cref="FitAndReport"/> alone.</summary>
    /// <param name="set">Embeddings with labels (classification) or targets (regression).</param>
    /// <param name="cancellation">Ends the fit with <see cref="OperationCanceledException"/>.</param>
    IHead Fit(EmbeddingSet set, CancellationToken cancellation = default) => FitAndReport(set, null, cancellation).Head;
}
