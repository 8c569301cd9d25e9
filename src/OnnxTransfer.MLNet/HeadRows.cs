using Microsoft.ML;
using Microsoft.ML.Data;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Heads;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.MLNet;

/// <summary>Reads the rows of a view into what heads are fitted on. Rows whose label is missing are left out, as ML.NET's trainers do.</summary>
internal static class HeadRows
{
    /// <exception cref="OnnxTransferException">A column is missing, or of another type.</exception>
    public static EmbeddingSet Read(IDataView data, HeadColumns columns, bool isRegression)
    {
        foreach (string name in columns.Names())
        {
            _ = Column(data.Schema, name);
        }

        var answer = isRegression ? AnswerColumn.OfValues(data.Schema, columns.Label) : AnswerColumn.OfClasses(data.Schema, columns.Label);
        return (data is EmbeddingDataView view ? Direct(view.Set, columns) : null) ?? ReadAll(data, columns, answer);
    }

    /// <summary>The column of embeddings, <paramref name="width"/> wide; 0: of any known width.</summary>
    public static DataViewSchema.Column FeatureColumn(DataViewSchema schema, string name, int width = 0)
    {
        var column = Column(schema, name);
        return column.Type is VectorDataViewType { IsKnownSize: true, ItemType: NumberDataViewType } type && type.ItemType == NumberDataViewType.Single
            && (width == 0 || type.Size == width)
            ? column
            : throw new OnnxTransferException(
                $"Head: column '{name}' holds {column.Type}; expected a vector of {(width == 0 ? "a known number of" : $"{width}")} floats, an embedding");
    }

    public static OnnxTransferException NoColumn(string name, IEnumerable<string> names) => new(
        $"Head: the input has no column '{name}'; its columns are {string.Join(", ", names)}; name those of label and embedding");

    private static DataViewSchema.Column Column(DataViewSchema schema, string name) =>
        schema.GetColumnOrNull(name) ?? throw NoColumn(name, schema.Select(column => column.Name));

    // The set behind a view of embeddings, where its own columns are asked for.
    private static EmbeddingSet? Direct(EmbeddingSet set, HeadColumns columns)
    {
        bool isOwn = columns.Features == EmbeddingColumns.Embedding
            && columns.Label is EmbeddingColumns.Label or EmbeddingColumns.Labels or EmbeddingColumns.Targets
            && columns.Weight is null or EmbeddingColumns.Weight
            && columns.Group is null or EmbeddingColumns.Group;
        if (!isOwn)
        {
            return null;
        }

        // The splits of the set are the data set's; a pipeline fits on the rows it is given.
        set = set with { Weights = columns.Weight is null ? [] : set.Weights, Groups = columns.Group is null ? [] : set.Groups, Splits = [] };
        return set.Labels.Contains(-1) || set.Targets.Contains(double.NaN) ? set.Subset([.. Enumerable.Range(0, set.Count).Where(i => IsAnswered(set, i))]) : set;
    }

    private static bool IsAnswered(EmbeddingSet set, int row) => set.IsRegression
        ? !set.Targets.AsSpan(row * set.TargetCount, set.TargetCount).Contains(double.NaN)
        : set.Labels[row] >= 0;

    private static EmbeddingSet ReadAll(IDataView data, HeadColumns columns, AnswerColumn answer)
    {
        var features = FeatureColumn(data.Schema, columns.Features);
        int width = ((VectorDataViewType)features.Type).Size;
        using var cursor = data.GetRowCursor(columns.Names().Distinct().Select(name => Column(data.Schema, name)));
        var (feature, label) = (cursor.GetGetter<VBuffer<float>>(features), answer.Reader(cursor));
        var weight = columns.Weight is { } weightName ? Getter<float>(cursor, weightName, NumberDataViewType.Single) : null;
        var group = columns.Group is { } groupName ? Getter<ReadOnlyMemory<char>>(cursor, groupName, TextDataViewType.Instance) : null;
        float[] values = new float[Math.Min(Array.MaxLength, (data.GetRowCount() ?? 1024) * width)];
        var (weights, groups, embedding, count) = (new List<double>(), new List<string>(), default(VBuffer<float>), 0);
        while (cursor.MoveNext())
        {
            if (!label())
            {
                continue;
            }

            if ((count + 1) * (long)width > values.Length)
            {
                Grow(ref values, width);
            }

            feature(ref embedding);
            embedding.CopyTo(values, count++ * width);
            Add(weight, weights, value => value);
            Add(group, groups, value => value.ToString());
        }

        Array.Resize(ref values, count * width);
        return answer.Over(new EmbeddingSet { Rows = new Matrix(count, width, values), Weights = [.. weights], Groups = [.. groups] });
    }

    private static void Grow(ref float[] values, int width)
    {
        if (values.Length + (long)width > Array.MaxLength)
        {
            throw new FitException($"Head: more than {values.Length / width} rows of {width} floats do not fit into one array; "
                + "fit on the view that ToDataView makes of the embeddings, whose rows stay where they are");
        }

        Array.Resize(ref values, (int)Math.Min(Array.MaxLength, Math.Max(width, 2L * values.Length)));
    }

    private static ValueGetter<T> Getter<T>(DataViewRow row, string name, DataViewType expected)
    {
        var column = Column(row.Schema, name);
        return column.Type.Equals(expected)
            ? row.GetGetter<T>(column)
            : throw new OnnxTransferException($"Head: column '{name}' holds {column.Type}; expected {expected}");
    }

    private static void Add<T, TValue>(ValueGetter<T>? getter, List<TValue> values, Func<T, TValue> convert)
    {
        if (getter is not null)
        {
            T value = default!;
            getter(ref value);
            values.Add(convert(value));
        }
    }
}
