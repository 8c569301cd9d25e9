using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Onnx.Shapes;

/// <summary>
/// Multiply-adds of a node: of convolutions and matrix products, nothing else. Bias, normalisation, activation and pooling
/// count nothing (the convention of fvcore's FlopCountAnalysis, which torchvision's model table follows).
/// </summary>
internal static class MacCount
{
    public static long Of(NodeProto node, TensorShapes shapes)
    {
        TensorType? Input(int i) => i < node.Input.Count ? shapes[node.Input[i]] : null;
        var output = node.Output.Count > 0 ? shapes[node.Output[0]] : null;
        return node.OpType switch
        {
            // Each output element: C / groups channels times the kernel, all but the first dimension of the weights.
            "Conv" or "FusedConv" or "ConvInteger" => Each(output, Rest(Input(1), skip: 1)),
            "QLinearConv" => Each(output, Rest(Input(3), skip: 1)),

            // Each input element is spread over M / groups channels times the kernel.
            "ConvTranspose" => Each(Input(0), Rest(Input(1), skip: 1)),

            // Each output element: a row times a column.
            "Gemm" or "FusedGemm" => Each(output, node.Long("transA", 0) != 0
                ? Input(0)?.Dimensions.FirstOrDefault() : Input(0)?.Dimensions.LastOrDefault()),
            "MatMul" or "MatMulInteger" => Each(output, Input(0)?.Dimensions.LastOrDefault()),
            _ => 0,
        };
    }

    private static long Each(TensorType? elements, long? products) =>
        elements is not null && products is { } each ? Saturating.Multiply(elements.Count, each) : 0;

    private static long? Rest(TensorType? weights, int skip) => weights?.Dimensions.Skip(skip).Aggregate(1L, Saturating.Multiply);
}
