using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Inference;

/// <summary>A tensor handed to or received from a session: values row by row, and their shape.</summary>
public sealed class TensorValue
{
    private readonly Array _values;

    private TensorValue(Array values, ElementType type, long[] shape)
    {
        var count = shape.Aggregate(1L, (a, b) => checked(a * b));
        if (values.LongLength != count || shape.Any(d => d < 0))
        {
            throw new ArgumentException($"{values.LongLength} values do not fill a tensor of shape [{string.Join(", ", shape)}]", nameof(values));
        }

        _values = values;
        ElementType = type;
        Shape = shape;
    }

    /// <summary>float32, uint8 or int64.</summary>
    public ElementType ElementType { get; }

    /// <summary>The dimensions.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>The values of a float tensor.</summary>
    /// <exception cref="InvalidOperationException">It holds another type.</exception>
    public float[] Floats => As<float>();

    /// <summary>The values of a uint8 tensor.</summary>
    /// <exception cref="InvalidOperationException">It holds another type.</exception>
    public byte[] Bytes => As<byte>();

    /// <summary>The values of an int64 tensor.</summary>
    /// <exception cref="InvalidOperationException">It holds another type.</exception>
    public long[] Longs => As<long>();

    /// <summary>A float32 tensor over <paramref name="values"/>; nothing is copied.</summary>
    public static TensorValue Of(float[] values, params long[] shape) => new(values, ElementType.Float, shape);

    /// <summary>A uint8 tensor over <paramref name="values"/>; nothing is copied.</summary>
    public static TensorValue OfBytes(byte[] values, params long[] shape) => new(values, ElementType.UInt8, shape);

    /// <summary>An int64 tensor over <paramref name="values"/>; nothing is copied.</summary>
    public static TensorValue OfLongs(long[] values, params long[] shape) => new(values, ElementType.Int64, shape);

    internal OrtValue ToRuntime() => _values switch
    {
        float[] floats => OrtValue.CreateTensorValueFromMemory(floats, [.. Shape]),
        byte[] bytes => OrtValue.CreateTensorValueFromMemory(bytes, [.. Shape]),
        _ => OrtValue.CreateTensorValueFromMemory((long[])_values, [.. Shape]),
    };

    internal static TensorValue FromRuntime(string name, OrtValue value)
    {
        var info = value.GetTensorTypeAndShape();
        return info.ElementDataType switch
        {
            TensorElementType.Float => Of(value.GetTensorDataAsSpan<float>().ToArray(), info.Shape),
            TensorElementType.UInt8 => OfBytes(value.GetTensorDataAsSpan<byte>().ToArray(), info.Shape),
            TensorElementType.Int64 => OfLongs(value.GetTensorDataAsSpan<long>().ToArray(), info.Shape),
            var other => throw new InferenceException($"output '{name}' holds {other} values; expected float, uint8 or int64: add a Cast to the model"),
        };
    }

    private T[] As<T>() => _values as T[]
        ?? throw new InvalidOperationException($"the tensor holds {ElementType} values, not {typeof(T).Name}");
}
