using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace OnnxTransfer.Inference;

/// <summary>Memory of one tensor that a session reads or writes where it lies: pinned on the host, or on the provider's device.</summary>
internal sealed class BoundTensor : IDisposable
{
    private readonly Array? _values;

    private BoundTensor(Array? values, OrtValue value, long length) => (_values, Value, Length) = (values, value, length);

    /// <summary>The runtime's view of it.</summary>
    public OrtValue Value { get; }

    /// <summary>Bytes it takes.</summary>
    public long Length { get; }

    /// <summary>Zeros, float, double, int64 or uint8, in managed memory.</summary>
    public static BoundTensor OnHost(TensorElementType type, long[] shape) => type switch
    {
        TensorElementType.Float => Pinned<float>(shape),
        TensorElementType.Double => Pinned<double>(shape),
        TensorElementType.Int64 => Pinned<long>(shape),
        TensorElementType.UInt8 => Pinned<byte>(shape),
        _ => throw new InferenceException($"no step reads or writes tensors of {type}; expected float, double, int64 or uint8: add a Cast to the model"),
    };

    /// <summary>Uninitialised memory of <paramref name="allocator"/>.</summary>
    public static BoundTensor OnDevice(OrtAllocator allocator, TensorElementType type, long[] shape) =>
        new(null, OrtValue.CreateAllocatedTensorValue(allocator, type, shape), Elements(shape) * Size(type));

    /// <summary>The values of a tensor on the host.</summary>
    /// <exception cref="InvalidOperationException">It lies on a device or holds another type.</exception>
    public Span<T> Values<T>()
        where T : unmanaged => _values as T[]
            ?? throw new InvalidOperationException(_values is null ? "the tensor lies on a device" : $"the tensor holds {_values.GetType().GetElementType()!.Name}, not {typeof(T).Name}");

    /// <summary>The same as they lie in memory, whatever their type.</summary>
    /// <exception cref="InvalidOperationException">It lies on a device.</exception>
    public Span<byte> Bytes() => _values switch
    {
        float[] values => MemoryMarshal.AsBytes(values.AsSpan()),
        double[] values => MemoryMarshal.AsBytes(values.AsSpan()),
        long[] values => MemoryMarshal.AsBytes(values.AsSpan()),
        byte[] values => values,
        _ => throw new InvalidOperationException("the tensor lies on a device"),
    };

    public void Dispose() => Value.Dispose();

    private static unsafe BoundTensor Pinned<T>(long[] shape)
        where T : unmanaged
    {
        var values = GC.AllocateArray<T>(checked((int)Elements(shape)), pinned: true);
        return new(values, OrtValue.CreateTensorValueFromMemory(values, shape), (long)values.Length * sizeof(T));
    }

    private static int Size(TensorElementType type) => type switch
    {
        TensorElementType.Double or TensorElementType.Int64 => sizeof(double),
        TensorElementType.UInt8 => sizeof(byte),
        _ => sizeof(float),
    };

    private static long Elements(long[] shape) => shape.Aggregate(1L, (a, b) => checked(a * b));
}
