using Microsoft.ML.OnnxRuntime;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Inference;

/// <summary>
/// The memory of one batch: B inputs to be filled, and the B rows of every output. Pinned and bound once, so that a run
/// moves nothing and leaves (next to) no garbage. With two of them, one is filled while the other is run. One thread may
/// run it at a time; several may fill different images of it at once.
/// </summary>
public sealed class BatchBuffers : IDisposable
{
    private readonly byte[] _bytes = [];
    private readonly float[] _floats = [];
    private readonly float[][] _outputs;
    private readonly long[] _inputShape;
    private readonly int _itemLength;
    private readonly (OrtValue[] Inputs, OrtValue[] Outputs)[] _values;

    internal BatchBuffers(OnnxSession owner, ElementType inputType, long[] inputShape, IReadOnlyList<int> widths)
    {
        var batchSize = checked((int)inputShape[0]);
        Owner = owner;
        BatchSize = batchSize;
        _inputShape = inputShape;
        _values = new (OrtValue[], OrtValue[])[batchSize + 1];
        _itemLength = checked((int)inputShape.Skip(1).Aggregate(1L, (a, b) => checked(a * b)));
        var length = checked(batchSize * _itemLength);
        if (inputType == ElementType.UInt8)
        {
            _bytes = GC.AllocateArray<byte>(length, pinned: true);
        }
        else
        {
            _floats = GC.AllocateArray<float>(length, pinned: true);
        }

        _outputs = [.. widths.Select(w => GC.AllocateArray<float>(checked(batchSize * w), pinned: true))];
        OutputWidths = widths;
    }

    /// <summary>B, how many inputs fit.</summary>
    public int BatchSize { get; }

    /// <summary>How many rows the last run computed.</summary>
    public int Count { get; internal set; }

    /// <summary>Width of every output's rows.</summary>
    public IReadOnlyList<int> OutputWidths { get; }

    /// <summary>All input bytes, image after image: B x H x W x 3; empty when the input is float.</summary>
    public Span<byte> Bytes => _bytes;

    /// <summary>All input values, item after item; empty when the input is uint8.</summary>
    public Span<float> Floats => _floats;

    internal OnnxSession Owner { get; }

    /// <summary>The bytes of input <paramref name="index"/>: H x W x 3.</summary>
    public Span<byte> Image(int index) => _bytes.AsSpan(checked(index * _itemLength), _itemLength);

    /// <summary>The values of input <paramref name="index"/>.</summary>
    public Span<float> Item(int index) => _floats.AsSpan(checked(index * _itemLength), _itemLength);

    /// <summary>Output <paramref name="index"/> of the last run: Count x width, row by row. Valid until the next run.</summary>
    public ReadOnlySpan<float> Output(int index) => _outputs[index].AsSpan(0, Count * OutputWidths[index]);

    /// <summary>One row of output <paramref name="index"/>.</summary>
    public ReadOnlySpan<float> OutputRow(int index, int row) => Output(index).Slice(row * OutputWidths[index], OutputWidths[index]);

    /// <summary>Gives the memory back; the session must not be running it.</summary>
    public void Dispose()
    {
        foreach (var value in _values.SelectMany(v => (v.Inputs ?? []).Concat(v.Outputs ?? [])))
        {
            value.Dispose();
        }
    }

    /// <summary>The first <paramref name="count"/> inputs and the rows they give, made once for each count.</summary>
    internal (OrtValue[] Inputs, OrtValue[] Outputs) ValuesFor(int count)
    {
        if (_values[count].Inputs is null)
        {
            long[] shape = [count, .. _inputShape.Skip(1)];
            _values[count] = (
                [_bytes.Length > 0 ? Front(_bytes, count * _itemLength, shape) : Front(_floats, count * _itemLength, shape)],
                [.. _outputs.Select((o, i) => Front(o, count * OutputWidths[i], [count, OutputWidths[i]]))]);
        }

        return _values[count];
    }

    private static OrtValue Front<T>(T[] values, int length, long[] shape)
        where T : unmanaged => OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, values.AsMemory(0, length), shape);
}
