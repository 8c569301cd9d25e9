using Microsoft.ML;
using Microsoft.ML.Data;
using OnnxTransfer.Embeddings;

namespace OnnxTransfer.MLNet;

/// <summary>The column that a head learns to predict, and what has been read of it.</summary>
internal sealed class AnswerColumn
{
    private readonly DataViewSchema.Column _column;
    private readonly IReadOnlyList<string> _names;
    private readonly List<int> _labels = [];
    private readonly List<int[]> _labelSets = [];
    private readonly List<double> _targets = [];

    private AnswerColumn(DataViewSchema.Column column, IReadOnlyList<string> names) => (_column, _names) = (column, names);

    /// <summary>A key, or a vector of bools.</summary>
    public static AnswerColumn OfClasses(DataViewSchema schema, string name)
    {
        var column = schema[name];
        var (kind, count) = column.Type switch
        {
            KeyDataViewType key when key.RawType == typeof(uint) => (ColumnNames.KeyValues, (int)key.Count),
            VectorDataViewType { IsKnownSize: true, ItemType: BooleanDataViewType } vector => (ColumnNames.SlotNames, vector.Size),
            var other => throw new OnnxTransferException(
                $"Head: column '{name}' holds {other}; expected a key, which mlContext.Transforms.Conversion.MapValueToKey makes of it, "
                + "or for several labels a row a vector of bools"),
        };
        return new AnswerColumn(column, Names(column, kind, count));
    }

    /// <summary>A float, or a vector of floats.</summary>
    public static AnswerColumn OfValues(DataViewSchema schema, string name)
    {
        var column = schema[name];
        if (column.Type == NumberDataViewType.Single)
        {
            return new AnswerColumn(column, []);
        }

        return column.Type is VectorDataViewType { IsKnownSize: true } vector && vector.ItemType == NumberDataViewType.Single
            ? new AnswerColumn(column, Names(column, ColumnNames.SlotNames, vector.Size))
            : throw new OnnxTransferException(
                $"Head: column '{name}' holds {column.Type}; expected a float, which mlContext.Transforms.Conversion.ConvertType makes of it, "
                + "or a vector of floats of known size");
    }

    /// <summary>Reads the row's answer when it is called; false where it is missing.</summary>
    public Func<bool> Reader(DataViewRow row) => _column.Type switch
    {
        KeyDataViewType => Reader<uint>(row, (in uint key) => key > 0, (in uint key) => _labels.Add((int)key - 1)),
        NumberDataViewType => Reader<float>(row, (in float value) => !float.IsNaN(value), (in float value) => _targets.Add(value)),
        VectorDataViewType { ItemType: BooleanDataViewType } => Reader<VBuffer<bool>>(
            row,
            (in VBuffer<bool> _) => true,
            (in VBuffer<bool> flags) => _labelSets.Add([.. flags.Items().Where(flag => flag.Value).Select(flag => flag.Key)])),
        _ => Reader<VBuffer<float>>(
            row,
            (in VBuffer<float> values) => !values.DenseValues().Any(float.IsNaN),
            (in VBuffer<float> values) => _targets.AddRange(values.DenseValues().Select(value => (double)value).ToArray())),
    };

    /// <summary><paramref name="set"/> with the answers that were read.</summary>
    public EmbeddingSet Over(EmbeddingSet set)
    {
        bool isRegression = _column.Type is NumberDataViewType || _column.Type is VectorDataViewType { ItemType: NumberDataViewType };
        return set with
        {
            Classes = isRegression ? [] : _names,
            Labels = [.. _labels],
            LabelSets = [.. _labelSets],
            Targets = [.. _targets],
            TargetNames = isRegression && _names.Count > 1 ? _names : [],
        };
    }

    private delegate bool Test<T>(in T value);

    private delegate void Take<T>(in T value);

    private Func<bool> Reader<T>(DataViewRow row, Test<T> isThere, Take<T> take)
    {
        var getter = row.GetGetter<T>(_column);
        T value = default!;
        return () =>
        {
            getter(ref value);
            if (!isThere(value))
            {
                return false;
            }

            take(value);
            return true;
        };
    }

    // Like ML.NET, what has no names is called by its number, from 0.
    private static IReadOnlyList<string> Names(DataViewSchema.Column column, string kind, int count) =>
        ColumnNames.Read(column, kind, count) ?? [.. Enumerable.Range(0, count).Select(i => $"{i}")];
}
