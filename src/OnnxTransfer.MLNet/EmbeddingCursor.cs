using Microsoft.ML;
using Microsoft.ML.Data;
using OnnxTransfer.Embeddings;

namespace OnnxTransfer.MLNet;

/// <summary>Walks the rows of an <see cref="EmbeddingSet"/>, in its own order or in a given one.</summary>
internal sealed class EmbeddingCursor(
    EmbeddingSet set, DataViewSchema schema, IEnumerable<DataViewSchema.Column> columnsNeeded, int[]? order) : DataViewRowCursor
{
    private readonly HashSet<int> _active = [.. columnsNeeded.Select(column => column.Index)];

    // -1 before the first row, Count behind the last.
    private int _reached = -1;

    public override DataViewSchema Schema => schema;

    public override long Position => _reached < set.Count ? _reached : -1;

    public override long Batch => 0;

    // The row of the set that the cursor stands on.
    private int Row => Position >= 0
        ? order?[_reached] ?? _reached
        : throw new InvalidOperationException("the cursor stands on no row: read after MoveNext has returned true");

    public override bool MoveNext()
    {
        _reached = Math.Min(_reached + 1, set.Count);
        return _reached < set.Count;
    }

    public override bool IsColumnActive(DataViewSchema.Column column) => _active.Contains(column.Index);

    public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = new DataViewRowId((ulong)Row, 0);

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        if (!IsColumnActive(column))
        {
            throw new InvalidOperationException(
                $"column {column.Name} was not asked for when this cursor was opened; name it among the columns needed");
        }

        return Getter(schema[column.Index].Name) as ValueGetter<TValue> ?? throw new InvalidOperationException(
            $"column {column.Name} holds {column.Type}, which is read as {column.Type.RawType.Name}, not as {typeof(TValue).Name}");
    }

    private Delegate Getter(string column) => column switch
    {
        EmbeddingColumns.Embedding => (ValueGetter<VBuffer<float>>)GetEmbedding,
        EmbeddingColumns.Label when set.IsRegression => (ValueGetter<float>)((ref float value) => value = (float)set.Targets[Row]),
        EmbeddingColumns.Label => (ValueGetter<uint>)((ref uint key) => key = (uint)(set.Labels[Row] + 1)),
        EmbeddingColumns.Weight => (ValueGetter<float>)((ref float value) => value = (float)set.Weights[Row]),
        _ => (ValueGetter<ReadOnlyMemory<char>>)((ref ReadOnlyMemory<char> text) => text = set.Names[Row].AsMemory()),
    };

    // Into the buffer that ML.NET holds for the row: the only copy there is.
    private void GetEmbedding(ref VBuffer<float> value)
    {
        var editor = VBufferEditor.Create(ref value, set.Width);
        set.Rows[Row].CopyTo(editor.Values);
        value = editor.Commit();
    }
}
