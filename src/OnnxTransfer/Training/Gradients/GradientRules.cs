using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Training.Gradients;

/// <summary>Adds nodes for the gradients of a node's inputs, in their order, from that of its output; null where an input has none.</summary>
internal delegate string?[] GradientRule(GradientNode node, string gradient);

/// <summary>The rule of each operator of the standard set, by its name.</summary>
internal static class GradientRules
{
    private static readonly Dictionary<string, GradientRule> Table = new(StringComparer.Ordinal)
    {
        ["Add"] = AddGradient.Of,
        ["AveragePool"] = AveragePoolGradient.Of,
        ["BatchNormalization"] = BatchNormalizationGradient.Of,
        ["Clip"] = ClipGradient.Of,
        ["Conv"] = ConvGradient.Of,
        ["ConvTranspose"] = ConvTransposeGradient.Of,
        ["Div"] = DivGradient.Of,
        ["Exp"] = ExpGradient.Of,
        ["Gemm"] = GemmGradient.Of,
        ["GlobalAveragePool"] = GlobalPoolGradient.OfAverage,
        ["GlobalMaxPool"] = GlobalPoolGradient.OfMax,
        ["Identity"] = IdentityGradient.Of,
        ["Log"] = LogGradient.Of,
        ["LogSoftmax"] = LogSoftmaxGradient.Of,
        ["MatMul"] = MatMulGradient.Of,
        ["MaxPool"] = MaxPoolGradient.Of,
        ["Mul"] = MulGradient.Of,
        ["Neg"] = NegGradient.Of,
        ["ReduceMean"] = ReductionGradient.OfMean,
        ["ReduceSum"] = ReductionGradient.OfSum,
        ["Relu"] = ReluGradient.Of,
        ["Sigmoid"] = SigmoidGradient.Of,
        ["Softmax"] = SoftmaxGradient.Of,
        ["Softplus"] = SoftplusGradient.Of,
        ["Sub"] = SubGradient.Of,
    };

    /// <summary>Those with a rule, in alphabetical order.</summary>
    public static IEnumerable<string> Operators => Table.Keys.Order(StringComparer.Ordinal);

    /// <summary>The rule of a node's operator; null where there is none.</summary>
    public static GradientRule? Find(NodeProto node) => node.Domain is "" or "ai.onnx" ? Table.GetValueOrDefault(node.OpType) : null;
}
