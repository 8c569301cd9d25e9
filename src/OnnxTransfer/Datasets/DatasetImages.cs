using System.Collections;

namespace OnnxTransfer.Datasets;

/// <summary>The images of all items one after the other, without a copy of them.</summary>
internal sealed class DatasetImages : IReadOnlyList<ImageSource>
{
    private readonly IReadOnlyList<DatasetItem> _items;
    private readonly int[]? _itemOf; // null: one image an item
    private readonly int[]? _first;

    public DatasetImages(IReadOnlyList<DatasetItem> items)
    {
        _items = items;
        Count = items.Sum(item => item.ImageCount);
        if (items.Any(item => item.ImageCount != 1))
        {
            (_itemOf, _first) = (new int[Count], new int[items.Count]);
            for (int i = 0, next = 0; i < items.Count; next += items[i++].ImageCount)
            {
                _first[i] = next;
                _itemOf.AsSpan(next, items[i].ImageCount).Fill(i);
            }
        }
    }

    public int Count { get; }

    /// <summary>True when every item is one image: an item's number is its image's.</summary>
    public bool IsOneEach => _first is null;

    public ImageSource this[int index] =>
        _itemOf is null ? _items[index].Image(0) : _items[_itemOf[index]].Image(index - _first![_itemOf[index]]);

    /// <summary>The number of the first image of an item.</summary>
    public int First(int item) => _first is null ? item : _first[item];

    public IEnumerator<ImageSource> GetEnumerator() => Enumerable.Range(0, Count).Select(i => this[i]).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
