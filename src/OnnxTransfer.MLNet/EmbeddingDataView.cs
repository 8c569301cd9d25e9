using Microsoft.ML;
using OnnxTransfer.Embeddings;

namespace OnnxTransfer.MLNet;

/// <summary>An <see cref="EmbeddingSet"/> read through ML.NET's cursors. Any number of cursors may run side by side.</summary>
internal sealed class EmbeddingDataView(EmbeddingSet set) : IDataView
{
    // Rows that one cursor of a set gives in a row: as many as ML.NET's own consolidating cursors take at a time.
    private const int BatchRows = 64;

    public DataViewSchema Schema { get; } = EmbeddingSchema.Of(set);

    public bool CanShuffle => true;

    /// <summary>What the rows are, for those who can read it without a cursor.</summary>
    public EmbeddingSet Set => set;

    public long? GetRowCount() => set.Count;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) =>
        GetRowCursorSet(columnsNeeded, 1, rand)[0];

    // Cursor i gives the batches i, i + n, ...: a batch is in one cursor only and their numbers rise in each, which is how
    // ML.NET puts the rows of a set back in order.
    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null)
    {
        var order = Order(rand);
        var active = columnsNeeded.Select(column => column.Index).ToHashSet();
        int cursors = Math.Clamp((set.Count + BatchRows - 1) / BatchRows, 1, Math.Max(1, n));
        return [.. Enumerable.Range(0, cursors).Select(i => new EmbeddingCursor(set, Schema, active, order, new RowShare(i, cursors, BatchRows)))];
    }

    private int[]? Order(Random? random)
    {
        if (random is null)
        {
            return null;
        }

        int[] order = [.. Enumerable.Range(0, set.Count)];
        random.Shuffle(order);
        return order;
    }
}
