using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Inference;

/// <summary>
/// The memory of one batch: B inputs to be filled, and the B rows of every output. It stays in place and is bound once, so
/// that a run leaves (next to) no garbage; for a GPU it is page-locked, so that the GPU copies while another batch runs. With two of them, one is filled while the other is run. One thread may
/// run it at a time; several may fill different images of it at once.
/// </summary>
public sealed class BatchBuffers : IDisposable
{
    private readonly HostMemory<byte>? _bytes;
    private readonly HostMemory<float>? _floats;
    private readonly HostMemory<float>[] _outputs;
    private readonly long[] _inputShape;
    private readonly int _itemLength;
    private readonly (OrtValue[] Inputs, OrtValue[] Outputs)[] _values;
    private readonly OrtIoBinding?[] _bindings;

    /// <summary>Memory for <paramref name="owner"/>, page-locked for the GPU numbered <paramref name="device"/> where there is one.</summary>
    internal BatchBuffers(OnnxSession owner, ElementType inputType, long[] inputShape, IReadOnlyList<int> widths, int? device)
    {
        var batchSize = checked((int)inputShape[0]);
        Owner = owner;
        BatchSize = batchSize;
        _inputShape = inputShape;
        _values = new (OrtValue[], OrtValue[])[batchSize + 1];
        _bindings = new OrtIoBinding?[batchSize + 1];
        _itemLength = checked((int)inputShape.Skip(1).Aggregate(1L, (a, b) => checked(a * b)));
        var length = checked(batchSize * _itemLength);
        if (inputType == ElementType.UInt8)
        {
            _bytes = new(length, device);
        }
        else
        {
            _floats = new(length, device);
        }

        _outputs = [.. widths.Select(w => new HostMemory<float>(checked(batchSize * w), device))];
        OutputWidths = widths;
    }

    /// <summary>B, how many inputs fit.</summary>
    public int BatchSize { get; }

    /// <summary>How many rows the last run computed.</summary>
    public int Count { get; internal set; }

    /// <summary>Width of every output's rows.</summary>
    public IReadOnlyList<int> OutputWidths { get; }

    /// <summary>All input bytes, image after image: B x H x W x 3; empty when the input is float.</summary>
    public Span<byte> Bytes => _bytes is null ? default : _bytes.Span;

    /// <summary>All input values, item after item; empty when the input is uint8.</summary>
    public Span<float> Floats => _floats is null ? default : _floats.Span;

    /// <summary>Why the memory is not page-locked although a GPU copies from it, which makes copies slow and keeps the thread waiting; null otherwise.</summary>
    public string? MemoryNote => _bytes?.LockFailure ?? _floats?.LockFailure ?? _outputs.Select(o => o.LockFailure).FirstOrDefault(f => f is not null);

    internal OnnxSession Owner { get; }

    internal OrtValue[] InputValues => ValuesFor(BatchSize).Inputs;

    internal OrtValue[] OutputValues => ValuesFor(BatchSize).Outputs;

    /// <summary>The run of these buffers as a CUDA graph; null where runs are not recorded.</summary>
    internal RecordedRun? Recorded { get; set; }

    /// <summary>The bytes of input <paramref name="index"/>: H x W x 3.</summary>
    public Span<byte> Image(int index) => Bytes.Slice(checked(index * _itemLength), _itemLength);

    /// <summary>The values of input <paramref name="index"/>.</summary>
    public Span<float> Item(int index) => Floats.Slice(checked(index * _itemLength), _itemLength);

    /// <summary>Output <paramref name="index"/> of the last run: Count x width, row by row. Valid until the next run.</summary>
    public ReadOnlySpan<float> Output(int index) => _outputs[index].Span[..(Count * OutputWidths[index])];

    /// <summary>One row of output <paramref name="index"/>.</summary>
    public ReadOnlySpan<float> OutputRow(int index, int row) => Output(index).Slice(row * OutputWidths[index], OutputWidths[index]);

    /// <summary>Gives the memory back; the session must not be running it.</summary>
    public void Dispose()
    {
        Recorded?.Dispose();
        Array.ForEach(_bindings, binding => binding?.Dispose());
        foreach (var value in _values.SelectMany(v => (v.Inputs ?? []).Concat(v.Outputs ?? [])))
        {
            value.Dispose();
        }

        _bytes?.Dispose();
        _floats?.Dispose();
        Array.ForEach(_outputs, output => output.Dispose());
    }

    /// <summary>The same, bound to the session on the CPU, which reads and writes them in place: a run leaves no garbage.</summary>
    internal OrtIoBinding BindingFor(int count, InferenceSession session)
    {
        if (_bindings[count] is not { } binding)
        {
            var (inputs, outputs) = ValuesFor(count);
            _bindings[count] = binding = session.CreateIoBinding();
            foreach (var (name, value) in session.InputNames.Zip(inputs))
            {
                binding.BindInput(name, value);
            }

            foreach (var (name, value) in session.OutputNames.Zip(outputs))
            {
                binding.BindOutput(name, value);
            }
        }

        return binding;
    }

    /// <summary>The first <paramref name="count"/> inputs and the rows they give, made once for each count.</summary>
    internal (OrtValue[] Inputs, OrtValue[] Outputs) ValuesFor(int count)
    {
        if (_values[count].Inputs is null)
        {
            long[] shape = [count, .. _inputShape.Skip(1)];
            _values[count] = (
                [_bytes?.ToRuntime(TensorElementType.UInt8, shape) ?? _floats!.ToRuntime(TensorElementType.Float, shape)],
                [.. _outputs.Select((o, i) => o.ToRuntime(TensorElementType.Float, [count, OutputWidths[i]]))]);
        }

        return _values[count];
    }
}
