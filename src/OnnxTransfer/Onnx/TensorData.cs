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
            ElementType.Int64 => tensor.Int64Data.Count > 0 ? [.. tensor.Int64Data] : Raw<long>(tensor),
            ElementType.Int32 => tensor.Int32Data.Count > 0 ? [.. tensor.Int32Data.Select(v => (long)v)] : Array.ConvertAll(Raw<int>(tensor), v => (long)v),
            _ => null,
        };
        return values?.Length == Count(tensor) ? values : null;
    }

    /// <summary>The values of a float, double or float16 tensor as float; null where it is of another type or its data do not fit its dimensions.</summary>
    public static float[]? Floats(TensorProto tensor)
    {
        float[]? values = (ElementType)tensor.DataType switch
        {
            ElementType.Float => tensor.FloatData.Count > 0 ? [.. tensor.FloatData] : Raw<float>(tensor),
            ElementType.Double => tensor.DoubleData.Count > 0 ? [.. tensor.DoubleData.Select(v => (float)v)] : Array.ConvertAll(Raw<double>(tensor), v => (float)v),
            ElementType.Float16 => tensor.Int32Data.Count > 0
                ? [.. tensor.Int32Data.Select(v => (float)BitConverter.UInt16BitsToHalf((ushort)v))]
                : Array.ConvertAll(Raw<Half>(tensor), v => (float)v),
            _ => null,
        };
        return values?.Length == Count(tensor) ? values : null;
    }

    /// <summary>The values of a float or double tensor as double; null where it is of another type or its data do not fit its dimensions.</summary>
    public static double[]? Doubles(TensorProto tensor)
    {
        double[]? values = (ElementType)tensor.DataType switch
        {
            ElementType.Float => Floats(tensor) is { } floats ? Array.ConvertAll(floats, v => (double)v) : null,
            ElementType.Double => tensor.DoubleData.Count > 0 ? [.. tensor.DoubleData] : Raw<double>(tensor),
            _ => null,
        };
        return values?.Length == Count(tensor) ? values : null;
    }

    private static T[] Raw<T>(TensorProto tensor)
        where T : unmanaged
    {
        var bytes = tensor.RawData.Span;
        return bytes.Length % Marshal.SizeOf<T>() == 0 ? MemoryMarshal.Cast<byte, T>(bytes).ToArray() : [];
    }
}
