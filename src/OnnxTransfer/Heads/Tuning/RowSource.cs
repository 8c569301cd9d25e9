using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Training;

namespace OnnxTransfer.Heads.Tuning;

/// <summary>Where the rows of a training come from: what the frozen part gives, out of the cache; or pixels, where nothing is frozen.</summary>
internal sealed class RowSource : IDisposable
{
    private readonly FrozenRows? _frozen;
    private readonly PixelImages? _pixels;
    private readonly IReadOnlyList<AugmentedView> _views;
    private readonly List<IDisposable> _opened = [];

    private RowSource(FrozenRows? frozen, PixelImages? pixels, EmbedRun embedding, IReadOnlyList<AugmentedView> views) =>
        (_frozen, _pixels, Embedding, _views) = (frozen, pixels, embedding, views);

    /// <summary>The embeddings by the backbone as it was.</summary>
    public EmbedRun Embedding { get; }

    /// <summary>Images whose frozen part was computed; where nothing is frozen, those that were embedded.</summary>
    public int Embedded => _frozen?.Embedded ?? Embedding.Report.Embedded;

    /// <summary>What a reader should know.</summary>
    public IReadOnlyList<string> Notes => [.. _frozen is null ? ["nothing is frozen: every epoch runs the whole network on pixels"] : new[] { _frozen.Note },
        .. _views.Count == 0 ? Array.Empty<string>()
        : _frozen is null ? [$"images are augmented anew in every epoch: {_views[0].Augmentation.Signature}"]
        : [$"epochs take turns with the images as they are and {_views.Count} augmented views of them: {_views[0].Augmentation.Signature}"]];

    /// <summary>Computes what the cache lacks, or decodes.</summary>
    /// <exception cref="CacheException">The disk has no room for it.</exception>
    public static RowSource Of(
        SuffixNetwork suffix, Backbone backbone, Dataset dataset, EmbeddingCache cache, EmbedSettings settings, IReadOnlyList<AugmentedView> views, CancellationToken cancellation)
    {
        if (suffix.FrozenTap is not null)
        {
            var frozen = FrozenRows.Of(suffix, backbone, dataset, cache, settings, views, cancellation);
            return new(frozen, null, Embedder.Run(backbone, dataset, cache, settings with { Progress = null }, cancellation), views);
        }

        // What embeds can be read: there is one number for both.
        var embedding = Embedder.Run(backbone, dataset, cache, settings, cancellation);
        bool crops = views.Count > 0 && views[0].Augmentation.Crop is not null;
        return new(
            null, PixelImages.Open(dataset with { Items = embedding.Items }, backbone.Preprocessing, crops, settings with { MaxFailures = 0, Progress = null }, null, cancellation), embedding, views);
    }

    /// <summary>The rows of <see cref="Embedding"/> at <paramref name="items"/>; valid until this is disposed.</summary>
    /// <param name="items">Which rows.</param>
    /// <param name="targets">The answers of each.</param>
    /// <param name="weights">A weight for each; empty: all the same.</param>
    /// <param name="isAugmented">Whether augmented views of them are learned from too.</param>
    /// <param name="cancellation">Ends the embedding of views.</param>
    public ITrainingRows Rows(int[] items, PerceptronTargets targets, double[] weights, bool isAugmented, CancellationToken cancellation)
    {
        IReadOnlyList<AugmentedView> views = isAugmented ? _views : [];
        if (_frozen is not null)
        {
            return _frozen.Rows(items, targets, weights, views, cancellation);
        }

        var rows = new PixelRows(_pixels!, items, targets.All(items.Length), weights) { Augmentation = views.Count > 0 ? views[0].Augmentation : null, Seed = views.Count > 0 ? views[0].Seed : 0 };
        _opened.Add(rows);
        return rows;
    }

    /// <summary>Lets go of the pixels and of the backbone of the frozen part.</summary>
    public void Dispose()
    {
        _opened.ForEach(opened => opened.Dispose());
        _pixels?.Dispose();
        _frozen?.Dispose();
    }
}
