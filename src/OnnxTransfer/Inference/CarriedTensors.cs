using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace OnnxTransfer.Inference;

/// <summary>
/// Tensors that live from run to run of one session, or of several that work on the same ones: two buffers each, of which one
/// is read while the other is written. On CUDA they stay on the device.
/// </summary>
internal sealed class CarriedTensors : IDisposable
{
    private readonly Dictionary<string, CarriedTensor> _tensors = new(StringComparer.Ordinal);
    private readonly OrtAllocator? _allocator;
    private readonly DeviceCopy? _copy;

    /// <summary>No tensors yet.</summary>
    /// <param name="session">Whose device memory it is.</param>
    /// <param name="device">Where tensors lie; null: on the host.</param>
    /// <param name="settings">How they are copied to and from the device.</param>
    public CarriedTensors(InferenceSession session, OrtMemoryInfo? device, SessionSettings settings)
    {
        if (device is not null)
        {
            _allocator = new OrtAllocator(session, device);
            _copy = new DeviceCopy(settings);
        }
    }

    /// <summary>The tensor of this name, there already or new.</summary>
    /// <exception cref="InferenceException">It is there with another type or shape.</exception>
    public CarriedTensor Take(string name, TensorElementType type, long[] shape)
    {
        if (!_tensors.TryGetValue(name, out var tensor))
        {
            return _tensors[name] = new(Made(type, shape), Made(type, shape));
        }

        var info = tensor.Current.Value.GetTensorTypeAndShape();
        return info.ElementDataType == type && info.Shape.AsSpan().SequenceEqual(shape) ? tensor : throw new InferenceException(
            $"'{name}' is carried as {info.ElementDataType}[{string.Join(", ", info.Shape)}]; a graph that shares it takes {type}[{string.Join(", ", shape)}]");
    }

    /// <summary>Whether there is one of this name.</summary>
    public bool Has(string name) => _tensors.ContainsKey(name);

    /// <summary>Bytes of the tensor of this name.</summary>
    public long Length(string name) => _tensors[name].Current.Length;

    /// <summary>Sets what the next run reads.</summary>
    public void Write(string name, ReadOnlySpan<byte> values)
    {
        var target = _tensors[name].Current;
        if (_copy is null)
        {
            values.CopyTo(target.Bytes());
            return;
        }

        using var host = OnHost(target);
        values.CopyTo(host.Bytes());
        _copy.Copy(host.Value, target.Value);
    }

    /// <summary>What the last run wrote, or what was set where none ran.</summary>
    public void Read(string name, Span<byte> values)
    {
        var source = _tensors[name].Current;
        if (_copy is null)
        {
            source.Bytes().CopyTo(values);
            return;
        }

        using var host = OnHost(source);
        _copy.Copy(source.Value, host.Value);
        host.Bytes().CopyTo(values);
    }

    /// <summary>Gives the memory back; no session may be running on it.</summary>
    public void Dispose()
    {
        foreach (var tensor in _tensors.Values)
        {
            tensor.Current.Dispose();
            tensor.Next.Dispose();
        }

        _copy?.Dispose();
        _allocator?.Dispose();
    }

    private BoundTensor Made(TensorElementType type, long[] shape) =>
        _allocator is null ? BoundTensor.OnHost(type, shape) : BoundTensor.OnDevice(_allocator, type, shape);

    private static BoundTensor OnHost(BoundTensor like)
    {
        var info = like.Value.GetTensorTypeAndShape();
        return BoundTensor.OnHost(info.ElementDataType, info.Shape);
    }
}
