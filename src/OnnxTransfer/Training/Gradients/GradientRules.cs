using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Training.Gradients;

/// <summary>
/// Adds nodes for the gradients of a node's inputs, in their order, from that of its (first) output; null where an input has none.
/// </summary>
internal delegate string?[] GradientRule(GradientNode node, string gradient);

/// <summary>The rule of each operator of the standard set, by its name.</summary>
internal static class GradientRules
{
    private static readonly Dictionary<string, GradientRule> Table = new(StringComparer.Ordinal)
    {
        ["Abs"] = AbsGradient.Of,
        ["Add"] = AddGradient.Of,
        ["AveragePool"] = AveragePoolGradient.Of,
        ["BatchNormalization"] = BatchNormalizationGradient.Of,
        ["Cast"] = CastGradient.Of,
        ["Clip"] = ClipGradient.Of,
        ["Concat"] = ConcatGradient.Of,
        ["Conv"] = ConvGradient.Of,
        ["ConvTranspose"] = ConvTransposeGradient.Of,
        ["Div"] = DivGradient.Of,
        ["Dropout"] = DropoutGradient.Of,
        ["Elu"] = EluGradient.Of,
        ["Erf"] = ErfGradient.Of,
        ["Exp"] = ExpGradient.Of,
        ["Expand"] = ExpandGradient.Of,
        ["Flatten"] = ReshapeGradient.Of,
        ["Gather"] = GatherGradient.Of,
        ["Gelu"] = GeluGradient.Of,
        ["Gemm"] = GemmGradient.Of,
        ["GlobalAveragePool"] = GlobalPoolGradient.OfAverage,
        ["GlobalMaxPool"] = GlobalPoolGradient.OfMax,
        ["HardSigmoid"] = HardSigmoidGradient.Of,
        ["HardSwish"] = HardSwishGradient.Of,
        ["Identity"] = IdentityGradient.Of,
        ["LeakyRelu"] = LeakyReluGradient.Of,
        ["Log"] = LogGradient.Of,
        ["LogSoftmax"] = LogSoftmaxGradient.Of,
        ["LpNormalization"] = LpNormalizationGradient.Of,
        ["MatMul"] = MatMulGradient.Of,
        ["Max"] = ExtremumGradient.Of,
        ["MaxPool"] = MaxPoolGradient.Of,
        ["Mean"] = SumGradient.OfMean,
        ["Min"] = ExtremumGradient.Of,
        ["Mul"] = MulGradient.Of,
        ["Neg"] = NegGradient.Of,
        ["PRelu"] = PReluGradient.Of,
        ["Pad"] = PadGradient.Of,
        ["Pow"] = PowGradient.Of,
        ["Reciprocal"] = ReciprocalGradient.Of,
        ["ReduceL1"] = NormGradient.OfL1,
        ["ReduceL2"] = NormGradient.OfL2,
        ["ReduceLogSum"] = LogSumGradient.Of,
        ["ReduceLogSumExp"] = LogSumGradient.OfExponentials,
        ["ReduceMax"] = ReducedExtremumGradient.Of,
        ["ReduceMean"] = ReductionGradient.OfMean,
        ["ReduceMin"] = ReducedExtremumGradient.Of,
        ["ReduceSum"] = ReductionGradient.OfSum,
        ["ReduceSumSquare"] = NormGradient.OfSquares,
        ["Relu"] = ReluGradient.Of,
        ["Reshape"] = ReshapeGradient.Of,
        ["Resize"] = ResizeGradient.Of,
        ["Sigmoid"] = SigmoidGradient.Of,
        ["Slice"] = SliceGradient.Of,
        ["Softmax"] = SoftmaxGradient.Of,
        ["Softplus"] = SoftplusGradient.Of,
        ["Split"] = SplitGradient.Of,
        ["Sqrt"] = SqrtGradient.Of,
        ["Squeeze"] = ReshapeGradient.Of,
        ["Sub"] = SubGradient.Of,
        ["Sum"] = SumGradient.Of,
        ["Tanh"] = TanhGradient.Of,
        ["Transpose"] = TransposeGradient.Of,
        ["Unsqueeze"] = ReshapeGradient.Of,
        ["Where"] = WhereGradient.Of,
    };

    // Of all others only the first output has a gradient: further ones are masks, indices and statistics.
    private static readonly HashSet<string> SeveralOutputs = ["Split"];

    /// <summary>Those with a rule, in alphabetical order.</summary>
    public static IEnumerable<string> Operators => Table.Keys.Order(StringComparer.Ordinal);

    /// <summary>Whether the rule of a node's operator makes use of the gradient of an output.</summary>
    public static bool Takes(NodeProto node, int output) => output == 0 || SeveralOutputs.Contains(node.OpType);

    /// <summary>The rule of a node's operator; null where there is none.</summary>
    public static GradientRule? Find(NodeProto node) => node.Domain is "" or "ai.onnx" ? Table.GetValueOrDefault(node.OpType) : null;
}
