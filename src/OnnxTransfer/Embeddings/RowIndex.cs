using System.Numerics;

namespace OnnxTransfer.Embeddings;

/// <summary>
/// A dictionary of many small structs. Rows lie in chunks that never move and are found by open addressing with linear
/// probing, four bytes a slot: no object for each row, and little garbage as it grows. Any number of threads may read
/// while one writes.
/// </summary>
internal sealed class RowIndex<TKey, TValue>
    where TKey : struct, IEquatable<TKey>
    where TValue : struct
{
    private const int ChunkBits = 10;

    private readonly Lock _writing = new();
    private Row[][] _chunks = new Row[4][];
    private int[] _slots = new int[16]; // number of a row plus 1; 0: free. Three quarters are used at most
    private int _rows;
    private int _count;

    /// <summary>Number of keys.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Number of rows ever written, replaced ones among them.</summary>
    public int Written => Volatile.Read(ref _rows);

    public bool TryFind(TKey key, out TValue value)
    {
        // Slots are read before chunks and written after them: a row that is found is there.
        var slots = Volatile.Read(ref _slots);
        for (var slot = key.GetHashCode(); ; slot++)
        {
            var row = Volatile.Read(ref slots[slot & (slots.Length - 1)]) - 1;
            if (row < 0)
            {
                value = default;
                return false;
            }

            ref var found = ref At(row);
            if (found.Key.Equals(key))
            {
                value = found.Value;
                return true;
            }
        }
    }

    /// <summary>Adds a key that is not there; one that is keeps its value.</summary>
    public void TryAdd(TKey key, TValue value)
    {
        lock (_writing)
        {
            Put(key, value, replaces: false);
        }
    }

    /// <summary>Adds a key or gives it another value.</summary>
    public void Set(TKey key, TValue value)
    {
        lock (_writing)
        {
            Put(key, value, replaces: true);
        }
    }

    /// <summary>Makes room for so many more keys at once.</summary>
    public void Reserve(int more)
    {
        lock (_writing)
        {
            Grow(_rows + more);
        }
    }

    /// <summary>The rows written from number <paramref name="first"/> on, in their order; those replaced since are left out.</summary>
    public IEnumerable<(TKey Key, TValue Value)> From(int first)
    {
        for (var row = first; row < Written; row++)
        {
            if (IsCurrent(row))
            {
                yield return (At(row).Key, At(row).Value);
            }
        }
    }

    private ref Row At(int row) => ref Volatile.Read(ref _chunks)[row >> ChunkBits][row & ((1 << ChunkBits) - 1)];

    private bool IsCurrent(int row)
    {
        var slots = Volatile.Read(ref _slots);
        for (var slot = At(row).Key.GetHashCode(); ; slot++)
        {
            var other = slots[slot & (slots.Length - 1)] - 1;
            if (other < 0 || other == row)
            {
                return other == row;
            }
        }
    }

    private void Put(TKey key, TValue value, bool replaces)
    {
        Grow(_rows + 1);
        var slot = key.GetHashCode() & (_slots.Length - 1);
        while (_slots[slot] > 0 && !At(_slots[slot] - 1).Key.Equals(key))
        {
            slot = (slot + 1) & (_slots.Length - 1);
        }

        var isNew = _slots[slot] == 0;
        if (isNew || replaces)
        {
            At(_rows) = new Row(key, value);
            Volatile.Write(ref _slots[slot], _rows + 1);
            Volatile.Write(ref _rows, _rows + 1);
            Volatile.Write(ref _count, _count + (isNew ? 1 : 0));
        }
    }

    // Readers go on in the arrays they hold; what these lack was not there when they began.
    private void Grow(int rows)
    {
        var chunks = (rows + (1 << ChunkBits) - 1) >> ChunkBits;
        if (chunks > _chunks.Length)
        {
            var more = new Row[Math.Max(chunks, 2 * _chunks.Length)][];
            _chunks.CopyTo(more, 0);
            Volatile.Write(ref _chunks, more);
        }

        for (var chunk = chunks - 1; chunk >= 0 && _chunks[chunk] is null; chunk--)
        {
            _chunks[chunk] = new Row[1 << ChunkBits];
        }

        if (rows <= _slots.Length / 4 * 3)
        {
            return;
        }

        var slots = new int[(int)BitOperations.RoundUpToPowerOf2((uint)(rows / 3 * 4) + 4)];
        foreach (var row in _slots)
        {
            if (row > 0)
            {
                var slot = At(row - 1).Key.GetHashCode() & (slots.Length - 1);
                while (slots[slot] > 0)
                {
                    slot = (slot + 1) & (slots.Length - 1);
                }

                slots[slot] = row;
            }
        }

        Volatile.Write(ref _slots, slots);
    }

    private readonly record struct Row(TKey Key, TValue Value);
}
