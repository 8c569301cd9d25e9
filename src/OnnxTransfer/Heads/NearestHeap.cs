namespace OnnxTransfer.Heads;

/// <summary>
/// The nearest rows seen so far, as many as it takes for their weights to sum to a given number: a binary heap with the
/// farthest on top. What it holds in the end does not depend on the order in which rows were offered.
/// </summary>
/// <param name="weights">Weight per row; empty: all 1.</param>
/// <param name="wanted">The sum of weights at which it is full.</param>
internal sealed class NearestHeap(double[] weights, double wanted)
{
    // Sums of weights are rounded in the order of the offers; one neighbour too many is cut off by the votes.
    private readonly double _enough = weights.Length == 0 ? wanted : wanted * (1 + 1e-9);
    private Neighbour[] _items = new Neighbour[(int)Math.Min(wanted + 1, 128)];
    private double _total;

    /// <summary>How many are held.</summary>
    public int Count { get; private set; }

    /// <summary>Only rows nearer than this, or as near, can still enter; infinite until it is full.</summary>
    public double Limit { get; private set; } = double.PositiveInfinity;

    /// <summary>Takes a row in where it is among the nearest.</summary>
    public void Offer(Neighbour neighbour)
    {
        if (double.IsFinite(Limit) && neighbour.CompareTo(_items[0]) >= 0)
        {
            return;
        }

        if (Count == _items.Length)
        {
            Array.Resize(ref _items, 2 * Count);
        }

        _total += Weight(neighbour.Row);
        _items[Count] = neighbour;
        Rise(Count++);
        while (Count > 1 && _total - Weight(_items[0].Row) >= _enough)
        {
            _total -= Weight(_items[0].Row);
            _items[0] = _items[--Count];
            Sink();
        }

        Limit = _total >= _enough ? _items[0].Distance : double.PositiveInfinity;
    }

    /// <summary>Takes in all that <paramref name="other"/> holds.</summary>
    public void Offer(NearestHeap other)
    {
        for (int i = 0; i < other.Count; i++)
        {
            Offer(other._items[i]);
        }
    }

    /// <summary>All that are held, the nearest first; it cannot be offered any more.</summary>
    public ReadOnlySpan<Neighbour> Sorted()
    {
        var items = _items.AsSpan(0, Count);
        items.Sort();
        return items;
    }

    private double Weight(int row) => weights.Length == 0 ? 1 : weights[row];

    private void Rise(int at)
    {
        for (int above = (at - 1) / 2; at > 0 && _items[at].CompareTo(_items[above]) > 0; above = (at - 1) / 2)
        {
            (_items[at], _items[above]) = (_items[above], _items[at]);
            at = above;
        }
    }

    private void Sink()
    {
        for (int at = 0, below = 1; below < Count; below = (2 * at) + 1)
        {
            below += below + 1 < Count && _items[below + 1].CompareTo(_items[below]) > 0 ? 1 : 0;
            if (_items[below].CompareTo(_items[at]) <= 0)
            {
                break;
            }

            (_items[at], _items[below]) = (_items[below], _items[at]);
            at = below;
        }
    }
}
