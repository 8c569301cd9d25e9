using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Onnx.Shapes;

/// <summary>Tensors that stand in the file.</summary>
internal static class ConstantRules
{
    /// <summary>Type and, where short, values of a tensor of the file.</summary>
    public static KnownTensor Of(TensorProto tensor)
    {
        var type = (ElementType)tensor.DataType;
        var known = new KnownTensor(type, [.. tensor.Dims]);
        return known.Count <= KnownTensor.MostValues ? new(type, known.Dims, Values(tensor)) : known;
    }

    private static double[]? Values(TensorProto tensor) => TensorData.Longs(tensor) is { } longs
        ? Array.ConvertAll(longs, v => (double)v)
        : TensorData.Floats(tensor) is { } floats ? Array.ConvertAll(floats, v => (double)v) : null;
}
