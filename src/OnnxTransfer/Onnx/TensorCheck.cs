using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Onnx;

/// <summary>Holds the data of a constant tensor against its type and dimensions.</summary>
internal static class TensorCheck
{
    // ONNX's types newer than ElementType: float8 (four kinds), uint4, int4, float4, float8e8m0, uint2, int2.
    private const int NewestType = 26;

    /// <summary>Fails where the data do not fill the dimensions; <paramref name="where"/> begins the message.</summary>
    public static void Verify(TensorProto tensor, string where)
    {
        var count = Elements(tensor, where);
        var (found, expected, unit) = tensor.HasRawData
            ? (tensor.RawData.Length, RawBytes(tensor, count), "bytes of data")
            : (Values(tensor), Entries(tensor, count), "values");
        if (found != expected || (tensor.HasRawData && (ElementType)tensor.DataType == ElementType.String))
        {
            throw new OnnxException($"{where} has {found} {unit}; expected {expected} for {Type(tensor)}[{ShortNames.Of(string.Join(',', tensor.Dims))}]: "
                + "it is damaged or was written wrongly, export or download it again");
        }
    }

    /// <summary>The number of bytes the tensor's data take, 4 and 2 bit types packed; fails where dimensions or type make no sense.</summary>
    public static long Bytes(TensorProto tensor, string where) => RawBytes(tensor, Elements(tensor, where));

    private static long Elements(TensorProto tensor, string where)
    {
        if (tensor.DataType is <= 0 or > NewestType)
        {
            throw new OnnxException($"{where} has element type {tensor.DataType}; expected one of ONNX's, 1 to {NewestType}: "
                + "it is damaged, or from a newer ONNX than this program knows: export or download it again");
        }

        // Beyond 2^40 there is no such tensor, and sizes in bytes could overflow.
        var count = TensorData.Count(tensor);
        return count is >= 0 and <= 1L << 40 && tensor.Dims.All(d => d <= 1L << 40) ? count : throw new OnnxException($"{where} has dimensions "
            + $"[{ShortNames.Of(string.Join(',', tensor.Dims.Take(20)))}]; expected sizes that fit in memory, none negative: it is damaged, export or download it again");
    }

    private static long RawBytes(TensorProto tensor, long count) => ((count * Bits(tensor.DataType)) + 7) / 8;

    private static int Bits(int type) => type switch
    {
        2 or 3 or 9 or (>= 17 and <= 20) or 24 => 8,
        4 or 5 or 10 or 16 => 16,
        7 or 11 or 13 or 14 => 64,
        15 => 128,
        21 or 22 or 23 => 4,
        25 or 26 => 2,
        _ => 32,
    };

    // Which field holds which type, as onnx.proto says: complex numbers take two values, small packed ones share one.
    private static int Values(TensorProto tensor) => (ElementType)tensor.DataType switch
    {
        ElementType.Float or ElementType.Complex64 => tensor.FloatData.Count,
        ElementType.Int64 => tensor.Int64Data.Count,
        ElementType.String => tensor.StringData.Count,
        ElementType.Double or ElementType.Complex128 => tensor.DoubleData.Count,
        ElementType.UInt32 or ElementType.UInt64 => tensor.Uint64Data.Count,
        _ => tensor.Int32Data.Count,
    };

    private static long Entries(TensorProto tensor, long count) => tensor.DataType switch
    {
        (int)ElementType.Complex64 or (int)ElementType.Complex128 => count * 2,
        21 or 22 or 23 or 25 or 26 => RawBytes(tensor, count),
        _ => count,
    };

    private static string Type(TensorProto tensor) => Enum.IsDefined((ElementType)tensor.DataType)
        ? ((ElementType)tensor.DataType).ToString().ToLowerInvariant()
        : $"type {tensor.DataType} ";
}
