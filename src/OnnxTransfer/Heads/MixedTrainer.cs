using System.Diagnostics;
using System.Globalization;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Heads;

/// <summary>
/// Learns the target domain with the help of a source domain, whose rows join every fit at a weight: target risk +
/// <see cref="SourceWeight"/> x source risk (Ben-David et al. 2010, the alpha-weighted risk). Validation rows are the target's alone,
/// drawn before the source joins or as marked. Source classes are matched by name; those the target lacks are left out.
/// Split marks of source rows are not read: give the source's train rows.
/// </summary>
/// <param name="Inner">What learns; it must honour weights, as all trainers here do.</param>
/// <param name="Source">Embeddings of the source domain, by the same backbone, taps and number columns as the target's.</param>
public sealed record MixedTrainer(IHeadTrainer Inner, EmbeddingSet Source) : IHeadTrainer
{
    /// <summary>
    /// What all source rows weigh together for 1 of all target rows, however many there are of either; they share it in
    /// proportion to their own weights. 0.5: the source counts half as much as the target.
    /// </summary>
    public double SourceWeight { get; init; } = 0.5;

    /// <summary>The part of the target's rows that is held out where the inner trainer chooses something and none is marked as validation.</summary>
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
    public bool Takes(HeadTask task) => Inner.Takes(task);

    /// <inheritdoc/>
    public IHeadTrainer Frozen(FitReport report) => this with { Inner = Inner.Frozen(report) };

    /// <inheritdoc/>
    public IHead Fit(EmbeddingSet set, CancellationToken cancellation = default) => FitAndReport(set, null, cancellation).Head;

    /// <inheritdoc/>
    public HeadFit<IHead> FitAndReport(EmbeddingSet set, Action<FitProgress>? progress = null, CancellationToken cancellation = default)
    {
        var clock = Stopwatch.StartNew();
        if (!(SourceWeight > 0 && double.IsFinite(SourceWeight)))
        {
            throw new FitException($"SourceWeight = {SourceWeight}; expected a finite number above 0: without a source use the inner trainer alone");
        }

        set = FitCheck.Rows(set, Chunks.Threads(0));
        List<string> notes = [];
        var source = SourceRows.Matched(Source, set, notes);
        notes.Insert(0, string.Create(CultureInfo.InvariantCulture,
            $"{source.Count} source rows joined {set.Count} target rows at {SourceWeight:g3} of their weight"));
        var target = Inner.Chooses && !set.Splits.Contains(Split.Validation) ? Holdout.Mark(set, HeldOut, Seed) : set;
        if (target is null)
        {
            notes.Add("no target rows could be held out, and source rows never are");
        }

        var (head, report) = Inner.FitAndReport(Join(target ?? set, source, target is null), progress, cancellation);
        return new HeadFit<IHead>(head, report with
        {
            Seconds = clock.Elapsed.TotalSeconds,
            Settings = new Dictionary<string, string>(report.Settings) { ["sourceRows"] = $"{source.Count}", ["sourceWeight"] = $"{SourceWeight:R}" },
            Notes = [.. report.Notes, .. notes],
        });
    }

    // Under one group for all, nothing can be held out: a trainer left to itself would hold source rows out too.
    private EmbeddingSet Join(EmbeddingSet target, EmbeddingSet source, bool isOneGroup)
    {
        double[] weights = Weights(target), sourceWeights = Weights(source);
        double factor = SourceWeight * weights.Sum() / sourceWeights.Sum();
        int count = target.Count + source.Count;
        return target with
        {
            Rows = new StackedRows(target.Rows, source.Rows),
            Labels = [.. target.Labels, .. source.Labels],
            LabelSets = [.. target.LabelSets, .. source.LabelSets],
            Targets = [.. target.Targets, .. source.Targets],
            Weights = [.. weights, .. sourceWeights.Select(weight => factor * weight)],
            Groups = isOneGroup ? [.. Enumerable.Repeat("all", count)] : [.. Groups(target, "target"), .. Groups(source, "source")],
            Splits = [.. target.Splits.Length == 0 ? new Split[target.Count] : target.Splits, .. new Split[source.Count]],
            Names = [.. Names(target, "target"), .. Names(source, "source")],
            Views = target.Views.Length == 0 ? [] : [.. target.Views, .. new int[source.Count]],
        };
    }

    private static double[] Weights(EmbeddingSet set) => set.Weights.Length == 0 ? [.. Enumerable.Repeat(1.0, set.Count)] : set.Weights;

    private static IEnumerable<string> Groups(EmbeddingSet set, string domain) =>
        Enumerable.Range(0, set.Count).Select(i => set.Groups.Length == 0 ? $"{domain}\u0000{i}" : $"{domain}:{set.Groups[i]}");

    private static IEnumerable<string> Names(EmbeddingSet set, string domain) =>
        Enumerable.Range(0, set.Count).Select(i => set.Names.Length == 0 ? $"{domain} row {i}" : set.Names[i]);
}
