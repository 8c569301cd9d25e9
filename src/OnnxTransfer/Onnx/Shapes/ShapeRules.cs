namespace OnnxTransfer.Onnx.Shapes;

/// <summary>What is known of a node's outputs, in order, from what is known of its inputs.</summary>
internal delegate KnownTensor[] ShapeRule(NodeShapes node);

/// <summary>The rule of each operator, by its name; operators of other domains with the domain before it.</summary>
internal static class ShapeRules
{
    private static readonly Dictionary<string, ShapeRule> Table = new(StringComparer.Ordinal)
    {
        ["Add"] = ElementwiseRules.Broadcast,
        ["BatchNormalization"] = NormalizationRules.Batch,
        ["Clip"] = ElementwiseRules.Same,
        ["Concat"] = JoinRules.Concat,
        ["Conv"] = ConvolutionRules.Conv,
        ["Flatten"] = LayoutRules.Flatten,
        ["Gemm"] = MatrixRules.Gemm,
        ["GlobalAveragePool"] = PoolingRules.Global,
        ["MaxPool"] = PoolingRules.Max,
        ["Relu"] = ElementwiseRules.Same,
    };

    public static ShapeRule? Find(string name) => Table.GetValueOrDefault(name);
}
