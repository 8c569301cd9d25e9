using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Evaluation;

namespace OnnxTransfer.Cli;

/// <summary>What <c>evaluate --transfer --source</c> names, without what the target has too: a probe on it tells what fine-tuning cost.</summary>
internal sealed class TransferSource
{
    private readonly EmbedRun _run;
    private readonly int[] _own; // numbers within the run's items

    private TransferSource(EmbedRun run, int[] own) => (_run, _own) = (run, own);

    /// <summary>Leaves out the items of a source, as the original backbone embedded it, whose content the target has too.</summary>
    public static TransferSource Of(EmbedRun source, EmbedRun target)
    {
        var shared = source.SharedWith(target);
        return new(source, [.. Enumerable.Range(0, shared.Length).Where(item => !shared[item])]);
    }

    /// <summary>How many items were left out.</summary>
    public int Shared => _run.Items.Count - _own.Length;

    /// <summary>Whether two classes to fit on and an item to measure on are left.</summary>
    public bool CanBeMeasured =>
        Items.Any(item => item.Split == Split.Test) && Items.Where(item => item.Split != Split.Test).Select(item => item.Label).Distinct().Count() > 1;

    /// <summary>All that a probe on it depends on beside the backbones.</summary>
    public string Content => $"{_run.ContentSha256} {string.Join(' ', Items.Select(item => $"{item.Split} {item.Label} {item.Weight} {item.Group}"))}";

    /// <summary>How much worse a probe is on what another backbone makes of it.</summary>
    public ProbeLoss Lost(Backbone tuned, EmbeddingCache cache, EmbedSettings embedding, long seed, CancellationToken cancellation)
    {
        var before = _run.ToSet().Subset(_own);
        var after = Embedder.Run(tuned, _run.Dataset with { Items = [.. Items] }, cache, embedding, cancellation).ToSet();
        return ProbeLoss.Measure(Fit(before), before.Of(Split.Test), Fit(after), after.Of(Split.Test), seed, cancellation);

        static EmbeddingSet Fit(EmbeddingSet set) => set.Of(Split.Train, Split.Validation);
    }

    private IEnumerable<DatasetItem> Items => _own.Select(item => _run.Items[item]);
}
