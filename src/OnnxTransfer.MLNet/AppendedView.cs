using Microsoft.ML;

namespace OnnxTransfer.MLNet;

/// <summary>The rows of an input with what a transformer appends to them.</summary>
internal sealed class AppendedView(AppendingTransformer transformer, IDataView input, AppendedSchema schema) : IDataView
{
    public DataViewSchema Schema => schema.Output;

    public bool CanShuffle => input.CanShuffle;

    public long? GetRowCount() => input.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        var columns = columnsNeeded.ToArray();
        return Over(input.GetRowCursor(schema.InputsFor(columns), rand), columns);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null)
    {
        var columns = columnsNeeded.ToArray();
        return [.. input.GetRowCursorSet(schema.InputsFor(columns), n, rand).Select(cursor => Over(cursor, columns))];
    }

    private DataViewRowCursor Over(DataViewRowCursor cursor, DataViewSchema.Column[] columns)
    {
        var active = columns.Select(column => column.Index).ToHashSet();
        return schema.IsAppended(columns)
            ? transformer.Cursor(schema, cursor, active)
            : new RowCursor(cursor, new AppendedRow(schema, cursor, active, []));
    }
}
