using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Numerics;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Embeddings;

/// <summary>What a run found or computed: where each embedding lies, and the report.</summary>
public sealed class EmbedRun
{
    private readonly Backbone _backbone;
    private readonly SpaceSet _spaces;
    private readonly ImageIdentity[] _images;
    private readonly DatasetItem[] _items;
    private readonly int[] _first;

    internal EmbedRun(Dataset dataset, Backbone backbone, SpaceSet spaces, ImageIdentity[] images, string contentSha256, EmbedReport report)
    {
        (Dataset, _backbone, _spaces, _images, ContentSha256, Report) = (dataset, backbone, spaces, images, contentSha256, report);
        var (items, first, next) = (new List<DatasetItem>(dataset.Items.Count), new List<int>(dataset.Items.Count), 0);
        foreach (var item in dataset.Items)
        {
            var there = false;
            for (var i = 0; i < item.Images.Count; i++)
            {
                there |= IsThere(next + i);
            }

            if (there)
            {
                items.Add(item);
                first.Add(next);
            }

            next += item.Images.Count;
        }

        (_items, _first) = ([.. items], [.. first]);
    }

    /// <summary>The data set as it was given.</summary>
    public Dataset Dataset { get; }

    /// <summary>What was done.</summary>
    public EmbedReport Report { get; }

    /// <summary>SHA-256 over the contents of all images in data set order: names the data a head was fitted on.</summary>
    public string ContentSha256 { get; }

    /// <summary>Items of which at least one image was embedded, in data set order.</summary>
    public IReadOnlyList<DatasetItem> Items => _items;

    /// <summary>D: the widths of all taps, and the numbers an item carries.</summary>
    public int Width => _backbone.Width + Dataset.NumberNames.Count;

    /// <summary>
    /// The embeddings with what is known of each item. One image an item and one tap: rows lie in the cache's memory map.
    /// Otherwise they are put together in memory: taps side by side, divided by their length where the backbone says so,
    /// photos of an item averaged, numbers appended.
    /// Valid until the cache is disposed.
    /// </summary>
    public EmbeddingSet ToSet() => new()
    {
        Rows = IsDirect ? new MappedRows([.. Enumerable.Range(0, _items.Length).Select(i => Photos(i).Single()[0])], Width) : Gathered(),
        Classes = Dataset.Classes,
        Labels = Dataset.IsRegression || Dataset.IsMultiLabel ? [] : [.. _items.Select(item => item.Label)],
        LabelSets = Dataset.IsMultiLabel ? [.. _items.Select(item => item.LabelSet)] : [],
        Targets = !Dataset.IsRegression ? [] : Dataset.TargetNames.Count == 0 ? [.. _items.Select(item => item.Target)] : [.. _items.SelectMany(item => item.Targets)],
        TargetNames = Dataset.TargetNames,
        Weights = Array.TrueForAll(_items, item => item.Weight == 1) ? [] : [.. _items.Select(item => item.Weight)],
        Groups = Array.TrueForAll(_items, item => item.Group is null) ? [] : [.. _items.Select((item, i) => item.Group ?? $"\u0000{i}")],
        Splits = [.. _items.Select(item => item.Split)],
        Names = [.. _items.Select(item => item.Name)],
    };

    /// <summary>Row <paramref name="index"/> of <see cref="Items"/>, D values, read without keeping the cache in memory.</summary>
    public void CopyRow(int index, Span<float> row)
    {
        Put(index, row, new float[_backbone.Width], (place, values) => place.Space.Copy(place.At, values));
    }

    /// <summary>Which of <see cref="Items"/> hold an image whose content an image of <paramref name="other"/> has too.</summary>
    public bool[] SharedWith(EmbedRun other)
    {
        var theirs = other._images.Where(image => image.Decoder is not null).Select(image => image.Key).ToHashSet();
        return [.. _items.Select((item, i) => Enumerable.Range(_first[i], item.Images.Count).Any(image => _images[image].Decoder is not null && theirs.Contains(_images[image].Key)))];
    }

    private bool IsDirect =>
        _backbone.Taps.Count == 1 && !_backbone.L2Normalize && Dataset.NumberNames.Count == 0 && Array.TrueForAll(_items, item => item.Images.Count == 1);

    private bool IsThere(int image) => _images[image].Decoder is not null && _spaces.Has(_images[image]);

    // Where the embeddings of an item's photos lie, tap by tap; photos that failed are left out.
    private IEnumerable<EmbeddingPlace[]> Photos(int item) => Enumerable.Range(_first[item], _items[item].Images.Count)
        .Where(IsThere)
        .Select(image => _spaces.Find(_images[image])!);

    private Matrix Gathered()
    {
        var matrix = new Matrix(_items.Length, Width);
        var photo = new float[_backbone.Width];
        for (var i = 0; i < _items.Length; i++)
        {
            Put(i, matrix.Row(i), photo, (place, values) => place.Space.Row(place.At).CopyTo(values));
        }

        return matrix;
    }

    // Each photo's taps are put side by side in photo, and made of length 1, before the photos are averaged: the order of
    // the fused graph.
    private void Put(int item, Span<float> row, float[] photo, Action<EmbeddingPlace, Span<float>> read)
    {
        var embedding = row[.._backbone.Width];
        var photos = 0;
        embedding.Clear();
        foreach (var places in Photos(item))
        {
            var offset = 0;
            foreach (var place in places)
            {
                var width = place.Space.Identity.Width;
                read(place, photo.AsSpan(offset, width));
                offset += width;
            }

            if (_backbone.L2Normalize)
            {
                L2Normalization.Divide(photo);
            }

            Add(photo, embedding);
            photos++;
        }

        if (photos > 1)
        {
            for (var i = 0; i < embedding.Length; i++)
            {
                embedding[i] /= photos;
            }
        }

        for (var i = 0; i < Dataset.NumberNames.Count; i++)
        {
            row[embedding.Length + i] = _items[item].Numbers[i];
        }
    }

    private static void Add(ReadOnlySpan<float> values, Span<float> sum)
    {
        for (var i = 0; i < values.Length; i++)
        {
            sum[i] += values[i];
        }
    }

    private sealed class MappedRows(EmbeddingPlace[] places, int width) : IRows
    {
        public int Count => places.Length;

        public int Width => width;

        public ReadOnlySpan<float> this[int index] => places[index].Space.Row(places[index].At);
    }
}
