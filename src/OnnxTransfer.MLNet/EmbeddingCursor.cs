using Microsoft.ML;
using Microsoft.ML.Data;
using OnnxTransfer.Embeddings;

namespace OnnxTransfer.MLNet;

/// <summary>Walks its share of the rows of an <see cref="EmbeddingSet"/>, in the set's order or in a given one.</summary>
internal sealed class EmbeddingCursor(EmbeddingSet set, DataViewSchema schema, HashSet<int> active, int[]? order, RowShare share) : DataViewRowCursor
{
    private static readonly ReadOnlyMemory<char>[] SplitNames = ["train".AsMemory(), "validation".AsMemory(), "test".AsMemory()];

    // Rows given so far, less one; and where that stands among all rows: -1 before the first, Count behind the last.
    private long _reached = -1;
    private long _place = -1;

    public override DataViewSchema Schema => schema;

    public override long Position => IsOnRow ? _reached : -1;

    public override long Batch => IsOnRow ? _place / share.BatchRows : 0;

    private bool IsOnRow => _place >= 0 && _place < set.Count;

    // The row of the set that the cursor stands on.
    private int Row => IsOnRow
        ? order?[_place] ?? (int)_place
        : throw new InvalidOperationException("the cursor stands on no row: read after MoveNext has returned true");

    public override bool MoveNext()
    {
        if (_place < set.Count)
        {
            _place = Math.Min(share.Place(++_reached), set.Count);
        }

        return _place < set.Count;
    }

    public override bool IsColumnActive(DataViewSchema.Column column) => active.Contains(column.Index);

    public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = new DataViewRowId((ulong)Row, 0);

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) =>
        ActiveColumn.Getter<TValue>(this, column, () => Getter(schema[column.Index].Name));

    private Delegate Getter(string column) => column switch
    {
        EmbeddingColumns.Embedding => (ValueGetter<VBuffer<float>>)GetEmbedding,
        EmbeddingColumns.Label when set.IsRegression => (ValueGetter<float>)((ref float value) => value = (float)set.Targets[Row]),
        EmbeddingColumns.Label => (ValueGetter<uint>)((ref uint key) => key = (uint)(set.Labels[Row] + 1)),
        EmbeddingColumns.Labels => (ValueGetter<VBuffer<bool>>)GetLabels,
        EmbeddingColumns.Targets => (ValueGetter<VBuffer<float>>)GetTargets,
        EmbeddingColumns.Weight => (ValueGetter<float>)((ref float value) => value = (float)set.Weights[Row]),
        EmbeddingColumns.Group => (ValueGetter<ReadOnlyMemory<char>>)((ref ReadOnlyMemory<char> text) => text = set.Groups[Row].AsMemory()),
        EmbeddingColumns.Split => (ValueGetter<ReadOnlyMemory<char>>)((ref ReadOnlyMemory<char> text) => text = SplitNames[(int)set.Splits[Row]]),
        _ => (ValueGetter<ReadOnlyMemory<char>>)((ref ReadOnlyMemory<char> text) => text = set.Names[Row].AsMemory()),
    };

    // Into the buffer that ML.NET holds for the row: the only copy there is.
    private void GetEmbedding(ref VBuffer<float> value)
    {
        var editor = VBufferEditor.Create(ref value, set.Width);
        set.Rows[Row].CopyTo(editor.Values);
        value = editor.Commit();
    }

    private void GetTargets(ref VBuffer<float> value)
    {
        var editor = VBufferEditor.Create(ref value, set.TargetCount);
        for (int t = 0, first = Row * set.TargetCount; t < set.TargetCount; t++)
        {
            editor.Values[t] = (float)set.Targets[first + t];
        }

        value = editor.Commit();
    }

    private void GetLabels(ref VBuffer<bool> value)
    {
        var editor = VBufferEditor.Create(ref value, set.Classes.Count);
        editor.Values.Clear();
        foreach (int label in set.LabelSets[Row])
        {
            editor.Values[label] = true;
        }

        value = editor.Commit();
    }
}
