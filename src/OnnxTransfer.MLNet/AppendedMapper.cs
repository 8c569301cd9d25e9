using Microsoft.ML;
using Microsoft.ML.Data;

namespace OnnxTransfer.MLNet;

/// <summary>Appends columns to rows handed over one at a time.</summary>
internal sealed class AppendedMapper(AppendingTransformer transformer, AppendedSchema schema) : IRowToRowMapper
{
    public DataViewSchema InputSchema => schema.Input;

    public DataViewSchema OutputSchema => schema.Output;

    public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns) => schema.InputsFor(dependingColumns);

    public DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns)
    {
        var columns = activeColumns.ToArray();
        return new AppendedRow(
            schema, input, [.. columns.Select(column => column.Index)], schema.IsAppended(columns) ? transformer.Getters(schema, input) : []);
    }
}
