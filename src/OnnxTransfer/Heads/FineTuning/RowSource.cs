using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Training;

namespace OnnxTransfer.Heads.FineTuning;

/// <summary>Where the rows of a training come from: what the frozen part gives, out of the cache; or pixels, where nothing is frozen.</summary>
internal sealed class RowSource : IDisposable
{
    private readonly FrozenRows? _frozen;
    private readonly int _taps;
    private readonly Backbone _backbone;
    private readonly EmbedSettings _settings;
    private readonly List<IDisposable> _opened = [];

    private RowSource(FrozenRows? frozen, EmbedRun embedding, int taps, Backbone backbone, EmbedSettings settings) =>
        (_frozen, Embedding, _taps, _backbone, _settings) = (frozen, embedding, taps, backbone, settings);

    /// <summary>The embeddings by the backbone as it was.</summary>
    public EmbedRun Embedding { get; }

    /// <summary>Images whose frozen part was computed; where nothing is frozen, those that were embedded.</summary>
    public int Embedded => _frozen?.Embedded ?? Embedding.Report.Embedded;

    /// <summary>What a reader should know.</summary>
    public IReadOnlyList<string> Notes => _frozen is null ? ["nothing is frozen: every epoch runs the whole network on pixels"] : [_frozen.Note];

    /// <summary>Computes what the cache lacks.</summary>
    /// <exception cref="CacheException">The disk has no room for it.</exception>
    public static RowSource Of(SuffixNetwork suffix, Backbone backbone, Dataset dataset, EmbeddingCache cache, EmbedSettings settings, CancellationToken cancellation)
    {
        if (suffix.FrozenTap is null)
        {
            return new(null, Embedder.Run(backbone, dataset, cache, settings, cancellation), 0, backbone, settings);
        }

        var frozen = FrozenRows.Of(suffix, backbone, dataset, cache, settings, cancellation);
        return new(frozen, frozen.Embedding, 1 + suffix.FrozenTaps.Count, backbone, settings);
    }

    /// <summary>The rows of <see cref="Embedding"/> at <paramref name="items"/>; valid until this is disposed.</summary>
    public ITrainingRows Rows(int[] items, PerceptronTargets targets, double[] weights, CancellationToken cancellation)
    {
        if (_frozen is not null)
        {
            return new ActivationRows(_frozen.Views, items, _taps, targets, weights);
        }

        // Train and validation rows share what memory pixels may take.
        long budget = PixelImages.DefaultBudget * items.Length / Embedding.Items.Count;
        var dataset = Embedding.Dataset with { Items = [.. items.Select(item => Embedding.Items[item])] };
        var images = PixelImages.Open(dataset, _backbone.Preprocessing, whole: false, _settings with { MaxFailures = 0, Progress = null }, budget, cancellation);
        var values = new float[items.Length * targets.Outputs];
        for (int i = 0; i < items.Length; i++)
        {
            targets.Fill(i, values.AsSpan(i * targets.Outputs, targets.Outputs));
        }

        var rows = new PixelRows(images, [.. Enumerable.Range(0, items.Length)], values, weights);
        _opened.AddRange([rows, images]);
        return rows;
    }

    /// <summary>Lets go of the pixels.</summary>
    public void Dispose() => _opened.ForEach(opened => opened.Dispose());
}
