using Microsoft.ML;
using Microsoft.ML.Data;

namespace OnnxTransfer.MLNet;

/// <summary>
/// A transformer that keeps every column and appends some, a row for a row. A column of a name that is there already hides
/// the older one, as everywhere in ML.NET. ML.NET's own base classes for this are closed to others.
/// </summary>
public abstract class AppendingTransformer : ITransformer
{
    private protected AppendingTransformer()
    {
    }

    /// <summary>True: rows are transformed one by one, by <see cref="GetRowToRowMapper"/>, as well.</summary>
    public bool IsRowToRowMapper => true;

    /// <summary>The columns of <paramref name="inputSchema"/> and those appended.</summary>
    /// <exception cref="OnnxTransferException">A column that is needed is missing, or of another type.</exception>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => Bind(inputSchema).Output;

    /// <summary>A view of the transformed rows; nothing is computed before a cursor moves over it.</summary>
    /// <inheritdoc cref="GetOutputSchema" path="/exception"/>
    public IDataView Transform(IDataView input) => new AppendedView(this, input, Bind(input.Schema));

    /// <summary>Transforms rows one at a time, as they are handed over: for a prediction engine.</summary>
    /// <inheritdoc cref="GetOutputSchema" path="/exception"/>
    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => new AppendedMapper(this, Bind(inputSchema));

    void ICanSaveModel.Save(ModelSaveContext ctx) => Save(ctx);

    /// <summary>What becomes of an input of this schema.</summary>
    internal abstract AppendedSchema Bind(DataViewSchema input);

    /// <summary>A getter for each appended column, computed for the row that <paramref name="row"/> stands on.</summary>
    internal abstract Delegate[] Getters(AppendedSchema schema, DataViewRow row);

    internal abstract void Save(ModelSaveContext context);

    /// <summary>The same rows with appended columns, of which at least one is active.</summary>
    internal virtual DataViewRowCursor Cursor(AppendedSchema schema, DataViewRowCursor input, HashSet<int> active) =>
        new RowCursor(input, new AppendedRow(schema, input, active, Getters(schema, input)));
}
