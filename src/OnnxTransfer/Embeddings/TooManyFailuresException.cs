namespace OnnxTransfer.Embeddings;

/// <summary>More images failed than the caller allows. What was embedded is kept.</summary>
public sealed class TooManyFailuresException(string message, IReadOnlyList<EmbedFailure> failures) : OnnxTransferException(message)
{
    /// <summary>The images that failed.</summary>
    public IReadOnlyList<EmbedFailure> Failures { get; } = failures;
}
