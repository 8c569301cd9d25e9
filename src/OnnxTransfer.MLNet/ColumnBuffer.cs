using Microsoft.ML;
using Microsoft.ML.Data;

namespace OnnxTransfer.MLNet;

/// <summary>Values of one column for the rows that a cursor has read ahead.</summary>
internal abstract class ColumnBuffer
{
    /// <summary>A buffer for a column that is active in <paramref name="row"/>.</summary>
    public static ColumnBuffer Of(DataViewRow row, DataViewSchema.Column column)
    {
        var type = column.Type is VectorDataViewType vector
            ? typeof(VectorBuffer<>).MakeGenericType(vector.ItemType.RawType)
            : typeof(ValueBuffer<>).MakeGenericType(column.Type.RawType);
        return (ColumnBuffer)Activator.CreateInstance(type, row, column)!;
    }

    /// <summary>Makes room for <paramref name="rows"/> rows.</summary>
    public abstract void Reserve(int rows);

    /// <summary>Takes the value of the row on which the input stands now.</summary>
    public abstract void Take(int slot);

    /// <summary>A getter of the value in the slot that <paramref name="slot"/> names when it is called.</summary>
    public abstract Delegate Getter(Func<int> slot);

    private sealed class ValueBuffer<T>(DataViewRow row, DataViewSchema.Column column) : ColumnBuffer
    {
        private readonly ValueGetter<T> _getter = row.GetGetter<T>(column);
        private T[] _values = [];

        public override void Reserve(int rows) => Array.Resize(ref _values, rows);

        public override void Take(int slot)
        {
            // Not into the old value: an image, say, that was handed on from here is not to be overwritten.
            T value = default!;
            _getter(ref value);
            _values[slot] = value;
        }

        public override Delegate Getter(Func<int> slot) => (ValueGetter<T>)((ref T value) => value = _values[slot()]);
    }

    private sealed class VectorBuffer<T>(DataViewRow row, DataViewSchema.Column column) : ColumnBuffer
    {
        private readonly ValueGetter<VBuffer<T>> _getter = row.GetGetter<VBuffer<T>>(column);
        private VBuffer<T>[] _values = [];

        public override void Reserve(int rows) => Array.Resize(ref _values, rows);

        public override void Take(int slot) => _getter(ref _values[slot]);

        public override Delegate Getter(Func<int> slot) =>
            (ValueGetter<VBuffer<T>>)((ref VBuffer<T> value) => _values[slot()].CopyTo(ref value));
    }
}
