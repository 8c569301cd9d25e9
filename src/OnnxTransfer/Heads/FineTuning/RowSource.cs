using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;

namespace OnnxTransfer.Heads.FineTuning;

/// <summary>Where the rows of a training come from: what the frozen part gives, out of the cache.</summary>
internal sealed class RowSource
{
    private readonly FrozenRows _frozen;
    private readonly int _taps;

    private RowSource(FrozenRows frozen, int taps) => (_frozen, _taps) = (frozen, taps);

    /// <summary>The embeddings by the backbone as it was.</summary>
    public EmbedRun Embedding => _frozen.Embedding;

    /// <summary>Images whose frozen part was computed.</summary>
    public int Embedded => _frozen.Embedded;

    /// <summary>What a reader should know.</summary>
    public IReadOnlyList<string> Notes => [_frozen.Note];

    /// <summary>Computes what the cache lacks.</summary>
    public static RowSource Of(SuffixNetwork suffix, Backbone backbone, Dataset dataset, EmbeddingCache cache, EmbedSettings settings, CancellationToken cancellation) =>
        new(FrozenRows.Of(suffix, backbone, dataset, cache, settings, cancellation), 1 + suffix.FrozenTaps.Count);

    /// <summary>The rows of <see cref="Embedding"/> at <paramref name="items"/>.</summary>
    public ActivationRows Rows(int[] items, PerceptronTargets targets, double[] weights) => new(_frozen.Views, items, _taps, targets, weights);
}
