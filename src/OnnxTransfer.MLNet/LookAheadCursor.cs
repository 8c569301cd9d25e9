using Microsoft.ML;
using Microsoft.ML.Data;

namespace OnnxTransfer.MLNet;

/// <summary>
/// Reads a window of rows from the input, has their images embedded together, and gives them one by one. The first window is
/// one batch, so that the first row comes soon; each further one is twice as long, up to <see cref="MostRows"/>, so that
/// decoding and arithmetic overlap. Not more than that is ever read ahead: the input may be endless.
/// </summary>
internal sealed class LookAheadCursor : DataViewRowCursor
{
    /// <summary>Rows that are read ahead at most, unless a batch has more.</summary>
    public const int MostRows = 256;

    private readonly AppendedSchema _schema;
    private readonly DataViewRowCursor _input;
    private readonly HashSet<int> _active;
    private readonly Func<string[], EmbeddedRows> _embed;
    private readonly ValueGetter<ReadOnlyMemory<char>> _path;
    private readonly ValueGetter<DataViewRowId> _id;
    private readonly Dictionary<int, ColumnBuffer> _buffers;
    private DataViewRowId[] _ids = [];
    private long[] _batches = [];
    private EmbeddedRows _rows = EmbeddedRows.None;
    private int _window;
    private int _count;
    private int _slot = -1;
    private long _position = -1;
    private long _given;
    private bool _ended;

    /// <param name="schema">The input's columns and the embedding.</param>
    /// <param name="input">Where rows come from; disposed with this cursor.</param>
    /// <param name="active">Indices of the output columns that may be read, the embedding among them.</param>
    /// <param name="path">The column of paths.</param>
    /// <param name="batchSize">Images that the backbone runs at once.</param>
    /// <param name="embed">Embeds the images at these paths, in their order.</param>
    public LookAheadCursor(
        AppendedSchema schema, DataViewRowCursor input, HashSet<int> active, DataViewSchema.Column path, int batchSize, Func<string[], EmbeddedRows> embed)
    {
        (_schema, _input, _active, _window, _embed) = (schema, input, active, batchSize, embed);
        _path = input.GetGetter<ReadOnlyMemory<char>>(path);
        _id = input.GetIdGetter();
        _buffers = active.Where(index => index < schema.Input.Count).ToDictionary(index => index, index => ColumnBuffer.Of(input, schema.Input[index]));
    }

    public override DataViewSchema Schema => _schema.Output;

    public override long Position => _position;

    public override long Batch => _slot >= 0 ? _batches[_slot] : 0;

    private int Slot => _slot >= 0
        ? _slot
        : throw new InvalidOperationException("the cursor stands on no row: read after MoveNext has returned true");

    public override bool MoveNext()
    {
        if (_slot + 1 >= _count && (_ended || !Fill()))
        {
            (_slot, _count, _position) = (-1, 0, -1);
            return false;
        }

        _slot++;
        _position = _given++;
        return true;
    }

    public override bool IsColumnActive(DataViewSchema.Column column) => _active.Contains(column.Index);

    public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = _ids[Slot];

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => ActiveColumn.Getter<TValue>(this, column, () =>
        column.Index < _schema.Input.Count
            ? _buffers[column.Index].Getter(() => Slot)
            : (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) => _rows.Get(Slot, ref value)));

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _input.Dispose();
        }

        base.Dispose(disposing);
    }

    private bool Fill()
    {
        Reserve();
        var paths = new List<string>(_ids.Length);
        for (var text = default(ReadOnlyMemory<char>); paths.Count < _ids.Length && !(_ended = !_input.MoveNext());)
        {
            int slot = paths.Count;
            _path(ref text);
            paths.Add(text.ToString());
            _id(ref _ids[slot]);
            _batches[slot] = _input.Batch;
            foreach (var buffer in _buffers.Values)
            {
                buffer.Take(slot);
            }
        }

        (_slot, _count) = (-1, paths.Count);
        _rows = _count > 0 ? _embed([.. paths]) : EmbeddedRows.None;
        return _count > 0;
    }

    private void Reserve()
    {
        int rows = _window;
        _window = Math.Max(rows, Math.Min(2 * rows, MostRows));
        Array.Resize(ref _ids, rows);
        Array.Resize(ref _batches, rows);
        foreach (var buffer in _buffers.Values)
        {
            buffer.Reserve(rows);
        }
    }
}
