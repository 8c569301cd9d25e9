using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Numerics;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Embeddings;

/// <summary>What a run found or computed: where each embedding lies, and the report.</summary>
public sealed class EmbedRun
{
    private readonly Backbone _backbone;
    private readonly RunPlaces _places;
    private readonly ImageIdentity[] _identities;
    private readonly DatasetImages _images;
    private readonly int[] _there; // the numbers of Items within the data set

    internal EmbedRun(Dataset dataset, Backbone backbone, RunPlaces places, ImageIdentity[] identities, DatasetImages images, string contentSha256, EmbedReport report)
    {
        (Dataset, _backbone, _places, _identities, _images, ContentSha256, Report) = (dataset, backbone, places, identities, images, contentSha256, report);
        _there = [.. Enumerable.Range(0, dataset.Items.Count).Where(IsThere)];
        Items = _there.Length == dataset.Items.Count ? dataset.Items : [.. _there.Select(item => dataset.Items[item])];
    }

    /// <summary>The data set as it was given.</summary>
    public Dataset Dataset { get; }

    /// <summary>What was done.</summary>
    public EmbedReport Report { get; }

    /// <summary>SHA-256 over the contents of all images in data set order: names the data a head was fitted on.</summary>
    public string ContentSha256 { get; }

    /// <summary>Items of which at least one image was embedded, in data set order.</summary>
    public IReadOnlyList<DatasetItem> Items { get; }

    /// <summary>D: the widths of all taps, and the numbers an item carries.</summary>
    public int Width => _backbone.Width + Dataset.NumberNames.Count;

    /// <summary>
    /// The embeddings with what is known of each item. One image an item and one tap: rows lie in the cache's memory map.
    /// Otherwise they are put together in memory: taps side by side, divided by their length where the backbone says so,
    /// photos of an item averaged, numbers appended.
    /// Valid until the cache is disposed.
    /// </summary>
    public EmbeddingSet ToSet() => EmbeddingSet.Of(Dataset, Items, IsDirect ? new MappedRows(_places, _there, Width) : Gathered());

    /// <summary>Row <paramref name="index"/> of <see cref="Items"/>, D values, read without keeping the cache in memory.</summary>
    public void CopyRow(int index, Span<float> row) => Put(index, row, new float[_backbone.Width], mapped: false);

    /// <summary>
    /// What tap <paramref name="tap"/> of the backbone gave for the first image of row <paramref name="index"/> of <see cref="Items"/>, in the cache's
    /// memory map: nothing is gathered, divided or averaged. Valid until the cache is disposed.
    /// </summary>
    internal ReadOnlySpan<float> TapRow(int index, int tap) => _places.Row(_images.First(_there[index]), tap);

    /// <summary>Which of <see cref="Items"/> hold an image whose content an image of <paramref name="other"/> has too.</summary>
    public bool[] SharedWith(EmbedRun other)
    {
        var theirs = other._identities.Where(image => image.Decoder is not null).Select(image => image.Key).ToHashSet();
        return [.. _there.Select(item => Enumerable.Range(_images.First(item), Dataset.Items[item].ImageCount)
            .Any(image => _identities[image].Decoder is not null && theirs.Contains(_identities[image].Key)))];
    }

    /// <summary>The numbers of <see cref="Items"/> within <see cref="Dataset"/>, ascending.</summary>
    internal IReadOnlyList<int> Places => _there;

    // Nothing is to be computed: the values of the cache are those of the rows.
    private bool IsPlain => !_backbone.L2Normalize && Dataset.NumberNames.Count == 0 && _images.IsOneEach;

    private bool IsDirect => _backbone.Taps.Count == 1 && IsPlain;

    private bool IsThere(int item)
    {
        var there = false;
        for (var photo = 0; photo < Dataset.Items[item].ImageCount; photo++)
        {
            there |= _places.Has(_images.First(item) + photo);
        }

        return there;
    }

    private Matrix Gathered()
    {
        var matrix = new Matrix(_there.Length, Width, GC.AllocateUninitializedArray<float>(checked(_there.Length * Width)));
        if (IsPlain)
        {
            _places.Gather(_there, [.. _backbone.Taps.Select(tap => tap.Width)], matrix);
            return matrix;
        }

        var photo = new float[_backbone.Width];
        for (var i = 0; i < _there.Length; i++)
        {
            Put(i, matrix.Row(i), photo, mapped: true);
        }

        return matrix;
    }

    // Each photo's taps are put side by side in photo, and made of length 1, before the photos are averaged: the order of
    // the fused graph. Photos that failed are left out.
    private void Put(int index, Span<float> row, float[] photo, bool mapped)
    {
        var (item, first, photos) = (Dataset.Items[_there[index]], _images.First(_there[index]), 0);
        var embedding = row[.._backbone.Width];
        embedding.Clear();
        for (var image = first; image < first + item.ImageCount; image++)
        {
            if (!_places.Has(image))
            {
                continue;
            }

            for (int tap = 0, column = 0; tap < _backbone.Taps.Count; column += _backbone.Taps[tap++].Width)
            {
                Read(image, tap, photo.AsSpan(column, _backbone.Taps[tap].Width), mapped);
            }

            if (_backbone.L2Normalize)
            {
                L2Normalization.Divide(photo);
            }

            Add(photo, embedding);
            photos++;
        }

        for (var i = 0; photos > 1 && i < embedding.Length; i++)
        {
            embedding[i] /= photos;
        }

        for (var i = 0; i < Dataset.NumberNames.Count; i++)
        {
            row[embedding.Length + i] = item.Numbers[i];
        }
    }

    private void Read(int image, int tap, Span<float> values, bool mapped)
    {
        if (mapped)
        {
            _places.Row(image, tap).CopyTo(values);
        }
        else
        {
            _places.Copy(image, tap, values);
        }
    }

    private static void Add(ReadOnlySpan<float> values, Span<float> sum)
    {
        for (var i = 0; i < values.Length; i++)
        {
            sum[i] += values[i];
        }
    }

    private sealed class MappedRows(RunPlaces places, int[] images, int width) : IRows
    {
        public int Count => images.Length;

        public int Width => width;

        public ReadOnlySpan<float> this[int index] => places.Row(images[index], 0);
    }
}
