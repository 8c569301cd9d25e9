using System.Globalization;
using System.Reflection;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace OnnxTransfer.MLNet;

/// <summary>Names that columns carry in their annotations. ML.NET's own constants and setters for these are internal.</summary>
internal static class ColumnNames
{
    /// <summary>Where MapKeyToValue and the evaluators look for the values of a key column.</summary>
    public const string KeyValues = "KeyValues";

    /// <summary>Where the names of a vector's slots are looked for.</summary>
    public const string SlotNames = "SlotNames";

    /// <summary>Annotations that hold <paramref name="names"/> under <paramref name="kind"/>.</summary>
    public static DataViewSchema.Annotations Of(string kind, IReadOnlyList<string> names)
    {
        ReadOnlyMemory<char>[] values = [.. names.Select(name => name.AsMemory())];
        var annotations = new DataViewSchema.Annotations.Builder();
        annotations.Add(
            kind,
            new VectorDataViewType(TextDataViewType.Instance, values.Length),
            (ref VBuffer<ReadOnlyMemory<char>> buffer) => buffer = new VBuffer<ReadOnlyMemory<char>>(values.Length, [.. values]));
        return annotations.ToAnnotations();
    }

    /// <summary>The names under <paramref name="kind"/>, numbers as text; null where the column has none of this count.</summary>
    public static IReadOnlyList<string>? Read(DataViewSchema.Column column, string kind, int count)
    {
        if (column.Annotations.Schema.GetColumnOrNull(kind)?.Type is not VectorDataViewType type || type.Size != count)
        {
            return null;
        }

        var read = typeof(ColumnNames).GetMethod(nameof(ReadAs), BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(type.ItemType.RawType);
        return (IReadOnlyList<string>)read.Invoke(null, [column, kind])!;
    }

    private static string[] ReadAs<T>(DataViewSchema.Column column, string kind)
    {
        var values = default(VBuffer<T>);
        column.Annotations.GetValue(kind, ref values);
        return [.. values.DenseValues().Select(value => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "")];
    }
}
