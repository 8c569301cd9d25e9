using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace OnnxTransfer.Inference;

/// <summary>
/// The memory of a model that is run again and again on its own results, such as a training step: all inputs and outputs
/// bound once. Carried tensors (parameters, optimiser state) have two buffers each, which change places after every run:
/// what a run wrote is what the next one reads. On CUDA those stay on the device. Several sessions may share them. Nothing is
/// allocated or copied between runs. One thread may use it at a time.
/// </summary>
internal sealed class StepBuffers : IDisposable
{
    private readonly Dictionary<string, BoundTensor> _fed = new(StringComparer.Ordinal);
    private readonly Dictionary<string, BoundTensor> _given = new(StringComparer.Ordinal);
    private readonly List<(int Place, CarriedTensor Tensor)> _read = [];
    private readonly List<(int Place, CarriedTensor Tensor)> _written = [];
    private readonly CarriedTensors _memory;
    private readonly bool _ownsMemory;
    private readonly OrtValue[] _inputs;
    private readonly OrtValue[] _outputs;

    /// <summary>For <see cref="OnnxSession.CreateStepBuffers(IReadOnlyDictionary{string, string})"/>.</summary>
    /// <param name="owner">The session to run them.</param>
    /// <param name="session">Its native side.</param>
    /// <param name="carried">Inputs, each with the output that the next run reads there.</param>
    /// <param name="memory">Where carried tensors lie; what it has already is shared, read or written.</param>
    /// <param name="ownsMemory">Whether it is given back with the buffers.</param>
    internal StepBuffers(OnnxSession owner, InferenceSession session, IReadOnlyDictionary<string, string> carried, CarriedTensors memory, bool ownsMemory)
    {
        (Owner, _memory, _ownsMemory) = (owner, memory, ownsMemory);
        _inputs = new OrtValue[session.InputNames.Count];
        _outputs = new OrtValue[session.OutputNames.Count];
        foreach (var (place, name) in session.InputNames.Index())
        {
            var (type, shape) = Fixed(name, session.InputMetadata[name]);
            if (carried.ContainsKey(name) || memory.Has(name))
            {
                _read.Add((place, memory.Take(name, type, shape)));
            }
            else
            {
                _inputs[place] = (_fed[name] = BoundTensor.OnHost(type, shape)).Value;
            }
        }

        var writers = carried.ToDictionary(pair => pair.Value, pair => pair.Key, StringComparer.Ordinal);
        foreach (var (place, name) in session.OutputNames.Index())
        {
            var (type, shape) = Fixed(name, session.OutputMetadata[name]);
            if (writers.TryGetValue(name, out var reader))
            {
                _written.Add((place, memory.Take(reader, type, shape)));
            }
            else
            {
                _outputs[place] = (_given[name] = BoundTensor.OnHost(type, shape)).Value;
            }
        }
    }

    internal OnnxSession Owner { get; }

    /// <summary>The carried tensors, for the buffers of another session to share.</summary>
    internal CarriedTensors Memory => _memory;

    internal OrtValue[] InputValues
    {
        get
        {
            foreach (var (place, tensor) in _read)
            {
                _inputs[place] = tensor.Current.Value;
            }

            return _inputs;
        }
    }

    internal OrtValue[] OutputValues
    {
        get
        {
            foreach (var (place, tensor) in _written)
            {
                _outputs[place] = tensor.Next.Value;
            }

            return _outputs;
        }
    }

    /// <summary>The values of an input that is not carried, row by row: to be filled before a run.</summary>
    public Span<T> Input<T>(string name)
        where T : unmanaged => _fed[name].Values<T>();

    /// <summary>The same as they lie in memory, whatever their type.</summary>
    public Span<byte> InputBytes(string name) => _fed[name].Bytes();

    /// <summary>The values of an output that is not carried, as the last run left them.</summary>
    public ReadOnlySpan<T> Output<T>(string name)
        where T : unmanaged => _given[name].Values<T>();

    /// <summary>Sets what the next run reads at the carried input <paramref name="name"/>.</summary>
    public void Write<T>(string name, ReadOnlySpan<T> values)
        where T : unmanaged
    {
        CheckLength<T>(name, values.Length);
        _memory.Write(name, MemoryMarshal.AsBytes(values));
    }

    /// <summary>What the last run wrote for the carried input <paramref name="name"/>, or what was set where none ran.</summary>
    public void Read<T>(string name, Span<T> values)
        where T : unmanaged
    {
        CheckLength<T>(name, values.Length);
        _memory.Read(name, MemoryMarshal.AsBytes(values));
    }

    /// <summary>Gives the memory back; the session must not be running it.</summary>
    public void Dispose()
    {
        foreach (var tensor in _fed.Values.Concat(_given.Values))
        {
            tensor.Dispose();
        }

        if (_ownsMemory)
        {
            _memory.Dispose();
        }
    }

    internal void Swap()
    {
        foreach (var (_, tensor) in _written)
        {
            tensor.Turn();
        }
    }

    private static (TensorElementType Type, long[] Shape) Fixed(string name, NodeMetadata tensor) =>
        Array.TrueForAll(tensor.Dimensions, dim => dim >= 0)
            ? (tensor.ElementDataType, Array.ConvertAll(tensor.Dimensions, dim => (long)dim))
            : throw new InferenceException($"'{name}' has the shape [{string.Join(", ", tensor.Dimensions)}]; what is bound once needs every dimension fixed");

    private unsafe void CheckLength<T>(string name, int found)
        where T : unmanaged
    {
        if ((long)found * sizeof(T) != _memory.Length(name))
        {
            throw new ArgumentException($"{found} values for '{name}', which holds {_memory.Length(name) / sizeof(T)}");
        }
    }
}
