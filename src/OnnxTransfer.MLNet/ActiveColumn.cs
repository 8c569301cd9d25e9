using Microsoft.ML;

namespace OnnxTransfer.MLNet;

/// <summary>What every row asks before it hands out a getter.</summary>
internal static class ActiveColumn
{
    /// <summary>The getter that <paramref name="find"/> gives for a column that was asked for, as one of <typeparamref name="TValue"/>.</summary>
    /// <exception cref="InvalidOperationException">The column was not asked for, or holds another type.</exception>
    public static ValueGetter<TValue> Getter<TValue>(DataViewRow row, DataViewSchema.Column column, Func<Delegate?> find)
    {
        if (!row.IsColumnActive(column))
        {
            throw new InvalidOperationException(
                $"column {column.Name} was not asked for when this cursor was opened; name it among the columns needed");
        }

        return find() as ValueGetter<TValue> ?? throw new InvalidOperationException(
            $"column {column.Name} holds {column.Type}, which is read as {column.Type.RawType.Name}, not as {typeof(TValue).Name}");
    }
}
