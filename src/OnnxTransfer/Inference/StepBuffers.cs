using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace OnnxTransfer.Inference;

/// <summary>
/// The memory of a model that is run again and again on its own results, such as a training step: all inputs and outputs
/// bound once. Carried tensors (parameters, optimiser state) have two buffers each, which change places after every run:
/// what a run wrote is what the next one reads. On CUDA those stay on the device. Nothing is allocated or copied between runs.
/// One thread may use it at a time.
/// </summary>
internal sealed class StepBuffers : IDisposable
{
    private readonly Dictionary<string, BoundTensor> _fed = new(StringComparer.Ordinal);
    private readonly Dictionary<string, BoundTensor> _given = new(StringComparer.Ordinal);
    private readonly Dictionary<string, BoundTensor[]> _carried = new(StringComparer.Ordinal);
    private readonly OrtAllocator? _allocator;
    private readonly DeviceCopy? _copy;
    private readonly OrtValue[][] _inputs;
    private readonly OrtValue[][] _outputs;
    private int _turn;

    /// <summary>For <see cref="OnnxSession.CreateStepBuffers(IReadOnlyDictionary{string, string})"/>.</summary>
    /// <param name="owner">The session to run them.</param>
    /// <param name="session">Its native side.</param>
    /// <param name="carried">Inputs, each with the output that the next run reads there.</param>
    /// <param name="device">Where carried tensors lie; null: on the host.</param>
    /// <param name="settings">How tensors are copied to and from the device.</param>
    internal StepBuffers(OnnxSession owner, InferenceSession session, IReadOnlyDictionary<string, string> carried, OrtMemoryInfo? device, SessionSettings settings)
    {
        Owner = owner;
        if (device is not null)
        {
            _allocator = new OrtAllocator(session, device);
            _copy = new DeviceCopy(settings);
        }

        foreach (string name in session.InputNames)
        {
            var (type, shape) = Fixed(name, session.InputMetadata[name]);
            if (carried.ContainsKey(name))
            {
                _carried[name] = [Carried(type, shape), Carried(type, shape)];
            }
            else
            {
                _fed[name] = BoundTensor.OnHost(type, shape);
            }
        }

        var writers = carried.ToDictionary(pair => pair.Value, pair => pair.Key, StringComparer.Ordinal);
        foreach (string name in session.OutputNames.Where(name => !writers.ContainsKey(name)))
        {
            var (type, shape) = Fixed(name, session.OutputMetadata[name]);
            _given[name] = BoundTensor.OnHost(type, shape);
        }

        _inputs = [.. new[] { 0, 1 }.Select(turn => session.InputNames.Select(
            name => (_fed.GetValueOrDefault(name) ?? _carried[name][turn]).Value).ToArray())];
        _outputs = [.. new[] { 0, 1 }.Select(turn => session.OutputNames.Select(
            name => (_given.GetValueOrDefault(name) ?? _carried[writers[name]][1 - turn]).Value).ToArray())];
    }

    internal OnnxSession Owner { get; }

    internal OrtValue[] InputValues => _inputs[_turn];

    internal OrtValue[] OutputValues => _outputs[_turn];

    /// <summary>The values of an input that is not carried, row by row: to be filled before a run.</summary>
    public Span<T> Input<T>(string name)
        where T : unmanaged => _fed[name].Values<T>();

    /// <summary>The values of an output that is not carried, as the last run left them.</summary>
    public ReadOnlySpan<T> Output<T>(string name)
        where T : unmanaged => _given[name].Values<T>();

    /// <summary>Sets what the next run reads at the carried input <paramref name="name"/>.</summary>
    public void Write<T>(string name, ReadOnlySpan<T> values)
        where T : unmanaged
    {
        var target = _carried[name][_turn];
        CheckLength(name, values.Length, target);
        if (_copy is null)
        {
            values.CopyTo(target.Values<T>());
            return;
        }

        using var host = OnHost(target);
        values.CopyTo(host.Values<T>());
        _copy.Copy(host.Value, target.Value);
    }

    /// <summary>What the last run wrote for the carried input <paramref name="name"/>, or what was set where none ran.</summary>
    public void Read<T>(string name, Span<T> values)
        where T : unmanaged
    {
        var source = _carried[name][_turn];
        CheckLength(name, values.Length, source);
        if (_copy is null)
        {
            source.Values<T>().CopyTo(values);
            return;
        }

        using var host = OnHost(source);
        _copy.Copy(source.Value, host.Value);
        host.Values<T>().CopyTo(values);
    }

    /// <summary>Gives the memory back; the session must not be running it.</summary>
    public void Dispose()
    {
        foreach (var tensor in _fed.Values.Concat(_given.Values).Concat(_carried.Values.SelectMany(pair => pair)))
        {
            tensor.Dispose();
        }

        _copy?.Dispose();
        _allocator?.Dispose();
    }

    internal void Swap() => _turn = 1 - _turn;

    private BoundTensor Carried(TensorElementType type, long[] shape) =>
        _allocator is null ? BoundTensor.OnHost(type, shape) : BoundTensor.OnDevice(_allocator, type, shape);

    private static BoundTensor OnHost(BoundTensor like)
    {
        var info = like.Value.GetTensorTypeAndShape();
        return BoundTensor.OnHost(info.ElementDataType, info.Shape);
    }

    private static (TensorElementType Type, long[] Shape) Fixed(string name, NodeMetadata tensor) =>
        Array.TrueForAll(tensor.Dimensions, dim => dim >= 0)
            ? (tensor.ElementDataType, Array.ConvertAll(tensor.Dimensions, dim => (long)dim))
            : throw new InferenceException($"'{name}' has the shape [{string.Join(", ", tensor.Dimensions)}]; what is bound once needs every dimension fixed");

    private static void CheckLength(string name, int found, BoundTensor tensor)
    {
        if (found != tensor.Count)
        {
            throw new ArgumentException($"{found} values for '{name}', which holds {tensor.Count}");
        }
    }
}
