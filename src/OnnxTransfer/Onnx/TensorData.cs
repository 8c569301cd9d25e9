using System.Runtime.InteropServices;
using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Onnx;

/// <summary>The numbers of a constant tensor, whichever of its fields holds them.</summary>
internal static class TensorData
{
    /// <summary>Number of elements: the product of the dimensions, or -1 where they make no sense (negative, beyond 2^62).</summary>
    public static long Count(TensorProto tensor)
    {
        var count = 1L;
        foreach (var dim in tensor.Dims)
        {
            if (dim < 0 || (dim > 0 && count > (1L << 62) / dim))
            {
                return -1;
            }

            count *= dim;
        }

        return count;
    }

    /// <summary>The values of an int64 or int32 tensor; null where it is of another type or its data do not fit its dimensions.</summary>
    public static long[]? Longs(TensorProto tensor)
    {
        long[]? values = (ElementType)tensor.DataType switch
        {
            ElementType.Int64 => tensor.HasRawData ? Raw<long>(tensor) : [.. tensor.Int64Data],
            ElementType.Int32 => tensor.HasRawData ? Array.ConvertAll(Raw<int>(tensor), v => (long)v) : [.. tensor.Int32Data.Select(v => (long)v)],
            _ => null,
        };
        return values?.Length == Count(tensor) ? values : null;
    }

    /// <summary>The values of a float, double or float16 tensor as float; null where it is of another type or its data do not fit its dimensions.</summary>
    public static float[]? Floats(TensorProto tensor)
    {
        float[]? values = (ElementType)tensor.DataType switch
        {
            ElementType.Float => tensor.HasRawData ? Raw<float>(tensor) : [.. tensor.FloatData],
            ElementType.Double => tensor.HasRawData ? Array.ConvertAll(Raw<double>(tensor), v => (float)v) : [.. tensor.DoubleData.Select(v => (float)v)],
            ElementType.Float16 => tensor.HasRawData
                ? Array.ConvertAll(Raw<Half>(tensor), v => (float)v)
                : [.. tensor.Int32Data.Select(v => (float)BitConverter.UInt16BitsToHalf((ushort)v))],
            _ => null,
        };
        return values?.Length == Count(tensor) ? values : null;
    }

    /// <summary>The values of a float, double or float16 tensor as double; null where it is of another type or its data do not fit its dimensions.</summary>
    public static double[]? Doubles(TensorProto tensor)
    {
        double[]? values = (ElementType)tensor.DataType switch
        {
            ElementType.Float or ElementType.Float16 => Floats(tensor) is { } floats ? Array.ConvertAll(floats, v => (double)v) : null,
            ElementType.Double => tensor.HasRawData ? Raw<double>(tensor) : [.. tensor.DoubleData],
            _ => null,
        };
        return values?.Length == Count(tensor) ? values : null;
    }

    /// <summary>Whether it is a float or double tensor that <see cref="Doubles"/> gives values of, told without making them.</summary>
    public static bool HoldsWideReals(TensorProto tensor)
    {
        var held = (ElementType)tensor.DataType switch
        {
            ElementType.Float => tensor.HasRawData ? tensor.RawData.Length / sizeof(float) : tensor.FloatData.Count,
            ElementType.Double => tensor.HasRawData ? tensor.RawData.Length / sizeof(double) : tensor.DoubleData.Count,
            _ => 0,
        };
        return held > 0 && held == Count(tensor);
    }

    private static T[] Raw<T>(TensorProto tensor)
        where T : unmanaged
    {
        var bytes = tensor.RawData.Span;
        var values = bytes.Length % Marshal.SizeOf<T>() == 0 ? MemoryMarshal.Cast<byte, T>(bytes).ToArray() : [];

        // The bytes may be a mapped file (MappedData), which lives as long as the tensor that holds them.
        GC.KeepAlive(tensor);
        return values;
    }
}
