using Microsoft.ML;
using Microsoft.ML.Data;

namespace OnnxTransfer.MLNet;

/// <summary>
/// Columns as an estimator promises them before it is fitted. The constructor of <see cref="SchemaShape.Column"/> is closed to
/// others; what a custom mapping with given columns would append is not.
/// </summary>
internal static class ColumnShapes
{
    /// <summary>A vector of floats of known size; the size itself is not part of a shape.</summary>
    public static DataViewType Vector { get; } = new VectorDataViewType(NumberDataViewType.Single, 1);

    /// <summary>A key; the number of its values is not part of a shape.</summary>
    public static DataViewType Key { get; } = new KeyDataViewType(typeof(uint), 1);

    /// <summary>One float.</summary>
    public static DataViewType Number => NumberDataViewType.Single;

    /// <summary>The columns of <paramref name="shape"/> and these, each with the kind of names it carries, if any.</summary>
    public static SchemaShape Append(SchemaShape shape, params (string Name, DataViewType Type, string? Names)[] columns)
    {
        var members = SchemaDefinition.Create(typeof(Appended), SchemaDefinition.Direction.Write);
        var appended = SchemaDefinition.Create(typeof(Appended), SchemaDefinition.Direction.Write);
        appended.Clear();
        foreach (var (name, type, names) in columns)
        {
            var column = members[type == Vector ? nameof(Appended.Vector) : type == Key ? nameof(Appended.Key) : nameof(Appended.Number)];
            (column.ColumnName, column.ColumnType) = (name, type);
            if (names is not null)
            {
                column.AddAnnotation(names, default(VBuffer<ReadOnlyMemory<char>>), new VectorDataViewType(TextDataViewType.Instance, 1));
            }

            appended.Add(column);
        }

        return new MLContext().Transforms.CustomMapping<Nothing, Appended>((_, _) => { }, null, null, appended).GetOutputSchema(shape);
    }

    private sealed class Nothing;

    private sealed class Appended
    {
        public float[] Vector { get; set; } = [];

        public uint Key { get; set; }

        public float Number { get; set; }
    }
}
