using OnnxTransfer.Datasets;

namespace OnnxTransfer.Prediction;

/// <summary>
/// Consecutive items whose images are decoded side by side into one array and then run: together, or item by item where the
/// model averages an item's photos. Two of them take turns, one being decoded while the other is run.
/// </summary>
internal sealed class PixelBatch(ImageModel model)
{
    private readonly List<DatasetItem> _items = [];
    private readonly List<int> _first = [];
    private readonly byte[][] _pixels = [.. Enumerable.Repeat<byte[]>([], model.Looks)]; // the images as they are, then every view
    private string?[] _errors = [];
    private int _images;

    /// <summary>
    /// Takes items from <paramref name="next"/> on until <paramref name="batchSize"/> images are gathered; at least one item.
    /// </summary>
    /// <returns>The index after the last item taken.</returns>
    public int Take(IReadOnlyList<DatasetItem> items, int next, int batchSize)
    {
        _items.Clear();
        _first.Clear();
        _images = 0;
        for (; next < items.Count && (_items.Count == 0 || _images + items[next].Images.Count <= batchSize); next++)
        {
            _items.Add(items[next]);
            _first.Add(_images);
            _images += items[next].Images.Count;
        }

        _errors = new string?[_items.Count];
        return next;
    }

    /// <summary>Reads, decodes, resizes and crops all images, on as many threads as there are processors.</summary>
    public Task PrepareAsync(ImageBytes files, CancellationToken cancellation)
    {
        // Exactly as long as the run's input: a full batch, as all are but the last, finds its array again.
        var length = checked(_images * model.PixelBytes);
        for (var look = 0; look < _pixels.Length && _pixels[look].Length != length; look++)
        {
            _pixels[look] = GC.AllocateUninitializedArray<byte>(length);
        }

        var options = new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = Environment.ProcessorCount };
        return Parallel.ForAsync(0, _items.Count, options, (i, _) =>
        {
            Prepare(i, files);
            return ValueTask.CompletedTask;
        });
    }

    /// <summary>Runs what was decoded; the answers in the order of the items.</summary>
    public ItemPrediction[] Run()
    {
        var answers = new ItemPrediction[_items.Count];
        float[][]? rows = null;
        for (var i = 0; i < answers.Length; i++)
        {
            var (item, error) = (_items[i], _errors[i]);
            answers[i] = new ItemPrediction(item, error is null ? new ImagePrediction(model.Card, RowOf(i, ref rows)) : null, error);
        }

        return answers;
    }

    private float[] RowOf(int index, ref float[][]? rows)
    {
        var item = _items[index];
        if (model.Card.AveragesPhotos)
        {
            var photos = Array.ConvertAll(_pixels, look => look.AsSpan(_first[index] * model.PixelBytes, item.Images.Count * model.PixelBytes).ToArray());
            return model.Run(photos, item.Images.Count, item.Numbers)[0];
        }

        // Pixels of items that failed are run too and their rows passed over, so that all others keep their places.
        rows ??= model.Run(_pixels, _images, [.. _items.SelectMany(RowOfNumbers)]);
        return rows[_first[index]];
    }

    private IReadOnlyList<float> RowOfNumbers(DatasetItem item) =>
        item.Numbers.Count == model.Card.Numbers.Count ? item.Numbers : new float[model.Card.Numbers.Count];

    private void Prepare(int index, ImageBytes files)
    {
        var item = _items[index];
        try
        {
            model.Check(item);
            for (var i = 0; i < item.Images.Count; i++)
            {
                model.Prepare(item.Images[i], files, _pixels, (_first[index] + i) * model.PixelBytes);
            }
        }
        catch (OnnxTransferException error) when (ImageModel.IsOfItem(error))
        {
            _errors[index] = error.Message;
        }
    }
}
