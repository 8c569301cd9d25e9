using Microsoft.ML;

namespace OnnxTransfer.MLNet;

/// <summary>The columns of an input and, behind them, those that a transformer appends.</summary>
internal sealed class AppendedSchema
{
    private readonly DataViewSchema.Column[] _needs;

    /// <summary>Appends <paramref name="appended"/>, for which the columns <paramref name="needs"/> of <paramref name="input"/> must be read.</summary>
    public AppendedSchema(DataViewSchema input, DataViewSchema.Column[] needs, params IEnumerable<DataViewSchema.DetachedColumn> appended)
    {
        (Input, _needs) = (input, needs);
        var schema = new DataViewSchema.Builder();
        schema.AddColumns(input);
        schema.AddColumns(appended);
        Output = schema.ToSchema();
    }

    public DataViewSchema Input { get; }

    /// <summary>Input columns keep their index.</summary>
    public DataViewSchema Output { get; }

    /// <summary>True when one of these output columns is among those appended.</summary>
    public bool IsAppended(IEnumerable<DataViewSchema.Column> columns) => columns.Any(column => column.Index >= Input.Count);

    /// <summary>The input columns that must be read for these output columns.</summary>
    public IReadOnlyList<DataViewSchema.Column> InputsFor(IEnumerable<DataViewSchema.Column> columns)
    {
        var wanted = columns.ToArray();
        var passed = wanted.Where(column => column.Index < Input.Count).Select(column => Input[column.Index]);
        return [.. passed.Concat(IsAppended(wanted) ? _needs : []).DistinctBy(column => column.Index)];
    }
}
