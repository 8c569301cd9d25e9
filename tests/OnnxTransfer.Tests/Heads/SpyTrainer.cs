using OnnxTransfer.Embeddings;
using OnnxTransfer.Heads;

namespace OnnxTransfer.Tests.Heads;

/// <summary>Fits as another trainer and keeps every set it was given.</summary>
internal sealed record SpyTrainer(IHeadTrainer Inner, List<EmbeddingSet> Seen) : IHeadTrainer
{
    public string Kind => Inner.Kind;

    public bool Chooses => Inner.Chooses;

    public string? WhyNotExported => Inner.WhyNotExported;

    public bool Takes(HeadTask task) => Inner.Takes(task);

    public IHeadTrainer Frozen(FitReport report) => this with { Inner = Inner.Frozen(report) };

    public HeadFit<IHead> FitAndReport(EmbeddingSet set, Action<FitProgress>? progress = null, CancellationToken cancellation = default)
    {
        Seen.Add(set);
        return Inner.FitAndReport(set, progress, cancellation);
    }
}
