using System.Diagnostics;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Heads;

/// <summary>
/// A trainer that balances the classes inside every fit, hence inside every fold of a cross-validation. Where the inner
/// trainer chooses something (its L2, say), validation rows are drawn first, or taken as marked; the others are balanced and
/// the choice is made; then what was chosen is frozen and fitted anew on all rows, balanced. So rows are never judged on
/// copies of themselves, and the choice is made on classes as often as they occur.
/// </summary>
/// <param name="Inner">What learns: any classifier.</param>
/// <param name="Rebalancing">What is done about the classes.</param>
public sealed record RebalancedTrainer(IHeadTrainer Inner, Rebalancing Rebalancing) : IHeadTrainer
{
    /// <summary>The part of the rows that is held out for the choice where no row is marked as validation.</summary>
    public double HeldOut { get; init; } = 0.2;

    /// <summary>Decides which rows are held out.</summary>
    public long Seed { get; init; }

    /// <inheritdoc/>
    public string Kind => Inner.Kind;

    /// <inheritdoc/>
    public string? WhyNotExported => Inner.WhyNotExported;

    /// <inheritdoc/>
    public bool Chooses => Inner.Chooses;

    /// <inheritdoc/>
    public bool Takes(HeadTask task) => task == HeadTask.Classes && Inner.Takes(task);

    /// <inheritdoc/>
    public IHeadTrainer Frozen(FitReport report) => this with { Inner = Inner.Frozen(report) };

    /// <inheritdoc/>
    public IHead Fit(EmbeddingSet set, CancellationToken cancellation = default) => FitAndReport(set, null, cancellation).Head;

    /// <inheritdoc/>
    public HeadFit<IHead> FitAndReport(EmbeddingSet set, Action<FitProgress>? progress = null, CancellationToken cancellation = default)
    {
        var clock = Stopwatch.StartNew();
        Rebalancing.CheckTask(set);
        set = FitCheck.Rows(set, Chunks.Threads(0));
        FitReport? choice = null;
        if (Inner.Chooses && Holdout.Mark(set, HeldOut, Seed) is { } marked)
        {
            choice = Inner.FitAndReport(Rebalancing.Apply(marked), progress, cancellation).Report;
        }

        var balanced = Rebalancing.Apply(set with { Splits = new Split[set.Count] });
        var (head, report) = (choice is null ? Inner : Inner.Frozen(choice)).FitAndReport(balanced, progress, cancellation);
        string told = Rebalancing.Told(set.Count, balanced.Count);
        string[] notes = [.. choice?.Notes ?? [], .. report.Notes, choice is null ? told : $"{told}, after the choice on rows as they came"];
        return new HeadFit<IHead>(head, report with
        {
            Path = choice?.Path ?? report.Path,
            Seconds = clock.Elapsed.TotalSeconds,
            Settings = new Dictionary<string, string>(report.Settings) { ["classes"] = Rebalancing.Summary },
            Notes = [.. notes.Distinct()],
        });
    }
}
