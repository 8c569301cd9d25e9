using Microsoft.ML;
using Microsoft.ML.Data;
using OnnxTransfer.Embeddings;

namespace OnnxTransfer.MLNet;

/// <summary>An <see cref="EmbeddingSet"/> read through ML.NET's cursors. Any number of cursors may run side by side.</summary>
internal sealed class EmbeddingDataView(EmbeddingSet set) : IDataView
{
    public DataViewSchema Schema { get; } = SchemaOf(set);

    public bool CanShuffle => true;

    public long? GetRowCount() => set.Count;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) =>
        new EmbeddingCursor(set, Schema, columnsNeeded, Order(rand));

    // ML.NET asks for up to n cursors that share the rows; one is allowed, and a row costs no work worth sharing.
    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];

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

    private static DataViewSchema SchemaOf(EmbeddingSet set)
    {
        var schema = new DataViewSchema.Builder();
        schema.AddColumn(EmbeddingColumns.Embedding, new VectorDataViewType(NumberDataViewType.Single, set.Width));
        if (set.IsRegression)
        {
            schema.AddColumn(EmbeddingColumns.Label, NumberDataViewType.Single);
        }
        else if (set.Classes.Count > 0 && set.Labels.Length > 0)
        {
            schema.AddColumn(EmbeddingColumns.Label, new KeyDataViewType(typeof(uint), set.Classes.Count), KeyValues(set.Classes));
        }

        if (set.Weights.Length > 0)
        {
            schema.AddColumn(EmbeddingColumns.Weight, NumberDataViewType.Single);
        }

        if (set.Names.Length > 0)
        {
            schema.AddColumn(EmbeddingColumns.Name, TextDataViewType.Instance);
        }

        return schema.ToSchema();
    }

    // "KeyValues" is where MapKeyToValue and the evaluators look for class names; ML.NET's own constant is internal.
    private static DataViewSchema.Annotations KeyValues(IReadOnlyList<string> classes)
    {
        ReadOnlyMemory<char>[] names = [.. classes.Select(name => name.AsMemory())];
        var annotations = new DataViewSchema.Annotations.Builder();
        annotations.Add(
            "KeyValues",
            new VectorDataViewType(TextDataViewType.Instance, names.Length),
            (ref VBuffer<ReadOnlyMemory<char>> values) => values = new VBuffer<ReadOnlyMemory<char>>(names.Length, [.. names]));
        return annotations.ToAnnotations();
    }
}
