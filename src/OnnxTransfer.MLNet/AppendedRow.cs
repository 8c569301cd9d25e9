using Microsoft.ML;
using Microsoft.ML.Data;

namespace OnnxTransfer.MLNet;

/// <summary>A row of the input and the columns appended to it.</summary>
/// <param name="schema">Both together.</param>
/// <param name="input">The row; a cursor, where it moves.</param>
/// <param name="active">Indices of the output columns that may be read.</param>
/// <param name="appended">A getter for each appended column; empty where none is active.</param>
internal sealed class AppendedRow(AppendedSchema schema, DataViewRow input, HashSet<int> active, Delegate[] appended) : DataViewRow
{
    public override DataViewSchema Schema => schema.Output;

    public override long Position => input.Position;

    public override long Batch => input.Batch;

    public override bool IsColumnActive(DataViewSchema.Column column) => active.Contains(column.Index);

    public override ValueGetter<DataViewRowId> GetIdGetter() => input.GetIdGetter();

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => column.Index < schema.Input.Count
        ? ActiveColumn.Getter<TValue>(this, column, () => input.GetGetter<TValue>(schema.Input[column.Index]))
        : ActiveColumn.Getter<TValue>(this, column, () => appended[column.Index - schema.Input.Count]);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            input.Dispose();
        }

        base.Dispose(disposing);
    }
}
