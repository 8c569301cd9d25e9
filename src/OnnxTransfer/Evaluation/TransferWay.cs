namespace OnnxTransfer.Evaluation;

/// <summary>One way to learn the target task, with or without transfer: what <see cref="TransferStudy"/> compares.</summary>
/// <param name="Name"><see cref="Scratch"/>, <see cref="Probe"/>, <see cref="FineTuned"/>, or a name of your own.</param>
/// <param name="Run">Learns from the train items of a task and answers its test items.</param>
public sealed record TransferWay(string Name, Func<TransferTask, CancellationToken, TransferAnswer> Run)
{
    /// <summary>The way without transfer, to which the others are compared: the same architecture, fresh weights, the target's labels alone.</summary>
    public const string Scratch = "scratch";

    /// <summary>A head on frozen embeddings.</summary>
    public const string Probe = "probe";

    /// <summary>A head and the backbone's last stages, trained on.</summary>
    public const string FineTuned = "fine-tuned";

    /// <summary>
    /// All that its answers depend on beside the task: backbone, hyper-parameters, versions. A run whose settings are the same
    /// finds its answers in <see cref="TransferStudy.Results"/> again.
    /// </summary>
    public string Settings { get; init; } = "";

    /// <summary>
    /// What <see cref="TransferAnswer.SourceLoss"/> depends on beside that: the source's content. It counts where
    /// <see cref="TransferTask.MeasuresSource"/> and nowhere else. Empty: there is no source.
    /// </summary>
    public string SourceSettings { get; init; } = "";
}
