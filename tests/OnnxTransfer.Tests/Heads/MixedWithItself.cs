using OnnxTransfer.Embeddings;
using OnnxTransfer.Heads;

namespace OnnxTransfer.Tests.Heads;

/// <summary>A mixture whose source domain is the set it is fitted on.</summary>
internal sealed record MixedWithItself(IHeadTrainer Inner) : IHeadTrainer
{
    public string Kind => Inner.Kind;

    public bool Chooses => Inner.Chooses;

    public bool Takes(HeadTask task) => Inner.Takes(task);

    public IHeadTrainer Frozen(FitReport report) => this with { Inner = Inner.Frozen(report) };

    public HeadFit<IHead> FitAndReport(EmbeddingSet set, Action<FitProgress>? progress = null, CancellationToken cancellation = default) =>
        new MixedTrainer(Inner, set).FitAndReport(set, progress, cancellation);
}
