namespace OnnxTransfer.Onnx.Shapes;

/// <summary>Between floats and small integers; the shape stays.</summary>
internal static class QuantizationRules
{
    /// <summary>The type is that of the zero point, else output_dtype, else uint8.</summary>
    public static KnownTensor[] Quantize(NodeShapes node) =>
        [new(node.Has(2) ? node[2].ElementType : (ElementType)node.Proto.Long("output_dtype", (long)ElementType.UInt8), node[0].Dims)];

    /// <summary>The type is that of the scale.</summary>
    public static KnownTensor[] Dequantize(NodeShapes node) => [new(node[1].ElementType, node[0].Dims)];

    /// <summary>With the scale and zero point it found.</summary>
    public static KnownTensor[] Dynamic(NodeShapes node) =>
        [new(ElementType.UInt8, node[0].Dims), new(ElementType.Float, []), new(ElementType.UInt8, [])];
}
