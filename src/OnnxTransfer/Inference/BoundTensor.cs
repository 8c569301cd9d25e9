using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace OnnxTransfer.Inference;

/// <summary>Memory of one tensor that a session reads or writes where it lies: pinned on the host, or on the provider's device.</summary>
internal sealed class BoundTensor : IDisposable
{
    private readonly Array? _values;

    private BoundTensor(Array? values, OrtValue value, long count) => (_values, Value, Count) = (values, value, count);

    /// <summary>The runtime's view of it.</summary>
    public OrtValue Value { get; }

    /// <summary>Number of its elements.</summary>
    public long Count { get; }

    /// <summary>Zeros, float, double or int64, in managed memory.</summary>
    public static BoundTensor OnHost(TensorElementType type, long[] shape) => type switch
    {
        TensorElementType.Float => Pinned<float>(shape),
        TensorElementType.Double => Pinned<double>(shape),
        TensorElementType.Int64 => Pinned<long>(shape),
        _ => throw new InferenceException($"no step reads or writes tensors of {type}; expected float, double or int64: add a Cast to the model"),
    };

    /// <summary>Uninitialised memory of <paramref name="allocator"/>.</summary>
    public static BoundTensor OnDevice(OrtAllocator allocator, TensorElementType type, long[] shape) =>
        new(null, OrtValue.CreateAllocatedTensorValue(allocator, type, shape), Elements(shape));

    /// <summary>The values of a tensor on the host.</summary>
    /// <exception cref="InvalidOperationException">It lies on a device or holds another type.</exception>
    public Span<T> Values<T>()
        where T : unmanaged => _values as T[]
            ?? throw new InvalidOperationException(_values is null ? "the tensor lies on a device" : $"the tensor holds {_values.GetType().GetElementType()!.Name}, not {typeof(T).Name}");

    public void Dispose() => Value.Dispose();

    private static BoundTensor Pinned<T>(long[] shape)
        where T : unmanaged
    {
        var values = GC.AllocateArray<T>(checked((int)Elements(shape)), pinned: true);
        return new(values, OrtValue.CreateTensorValueFromMemory(values, shape), values.Length);
    }

    private static long Elements(long[] shape) => shape.Aggregate(1L, (a, b) => checked(a * b));
}
