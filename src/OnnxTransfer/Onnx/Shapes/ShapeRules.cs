namespace OnnxTransfer.Onnx.Shapes;

/// <summary>What is known of a node's outputs, in order, from what is known of its inputs.</summary>
internal delegate KnownTensor[] ShapeRule(NodeShapes node);

/// <summary>The rule of each operator, by its name; operators of other domains with the domain before it.</summary>
internal static class ShapeRules
{
    private static readonly Dictionary<string, ShapeRule> Table = new(StringComparer.Ordinal);

    static ShapeRules()
    {
        Add(ElementwiseRules.Same, "Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Ceil", "Celu", "Clip", "Cos", "Cosh", "CumSum", "Elu",
            "Erf", "Exp", "Floor", "Gelu", "HardSigmoid", "HardSwish", "Hardmax", "Identity", "LeakyRelu", "Log", "LogSoftmax", "Mish", "Neg", "Not",
            "Reciprocal", "Relu", "Round", "Selu", "Shrink", "Sigmoid", "Sign", "Sin", "Sinh", "Softmax", "Softplus", "Softsign", "Sqrt", "Tan", "Tanh",
            "ThresholdedRelu", "com.microsoft.Gelu", "com.microsoft.QuickGelu");
        Add(ElementwiseRules.Same, "GroupNormalization", "LRN", "LpNormalization", "MeanVarianceNormalization", "ScatterElements", "ScatterND");
        Add(ElementwiseRules.Test, "IsInf", "IsNaN");
        Add(ElementwiseRules.Broadcast, "Add", "Div", "Max", "Mean", "Min", "Mod", "Mul", "Pow", "Sub", "Sum");
        Add(ElementwiseRules.Compare, "And", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Or", "Xor");
        Add(ElementwiseRules.PRelu, "PRelu");
        Add(ElementwiseRules.Where, "Where");
        Add(ElementwiseRules.Cast, "Cast");
        Add(ElementwiseRules.CastLike, "CastLike");
        Add(ElementwiseRules.Dropout, "Dropout");

        Add(ConvolutionRules.Conv, "Conv", "com.microsoft.FusedConv");
        Add(ConvolutionRules.Integer, "ConvInteger");
        Add(ConvolutionRules.Quantized, "QLinearConv");
        Add(ConvolutionRules.Transposed, "ConvTranspose");
        Add(MatrixRules.Gemm, "Gemm", "com.microsoft.FusedGemm");
        Add(MatrixRules.MatMul, "MatMul");
        Add(MatrixRules.Integer, "MatMulInteger");
        Add(MatrixRules.Quantized, "QLinearMatMul");

        Add(NormalizationRules.Batch, "BatchNormalization");
        Add(NormalizationRules.Instance, "InstanceNormalization");
        Add(NormalizationRules.Layer, "LayerNormalization");
        Add(PoolingRules.Max, "MaxPool");
        Add(PoolingRules.Windowed, "AveragePool", "LpPool");
        Add(PoolingRules.Global, "GlobalAveragePool", "GlobalLpPool", "GlobalMaxPool");
        Add(ReductionRules.Reduce, "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd",
            "ReduceSum", "ReduceSumSquare");
        Add(ReductionRules.Arg, "ArgMax", "ArgMin");

        Add(LayoutRules.Flatten, "Flatten");
        Add(LayoutRules.Reshape, "Reshape");
        Add(LayoutRules.Transpose, "Transpose");
        Add(LayoutRules.Squeeze, "Squeeze");
        Add(LayoutRules.Unsqueeze, "Unsqueeze");
        Add(LayoutRules.DepthToSpace, "DepthToSpace");
        Add(LayoutRules.SpaceToDepth, "SpaceToDepth");
        Add(JoinRules.Concat, "Concat");
        Add(JoinRules.Split, "Split");
        Add(JoinRules.Tile, "Tile");
        Add(JoinRules.Expand, "Expand");
        Add(PickRules.Gather, "Gather");
        Add(PickRules.GatherElements, "GatherElements");
        Add(PickRules.Slice, "Slice");
        Add(PickRules.Pad, "Pad");
        Add(PickRules.TopK, "TopK");
        Add(ResizeRules.Resize, "Resize");
        Add(ResizeRules.Upsample, "Upsample");

        Add(ConstantRules.Constant, "Constant");
        Add(ConstantRules.OfShape, "ConstantOfShape");
        Add(ConstantRules.Range, "Range");
        Add(ConstantRules.Shape, "Shape");
        Add(ConstantRules.Size, "Size");
        Add(QuantizationRules.Quantize, "QuantizeLinear");
        Add(QuantizationRules.Dequantize, "DequantizeLinear");
        Add(QuantizationRules.Dynamic, "DynamicQuantizeLinear");
    }

    public static ShapeRule? Find(string name) => Table.GetValueOrDefault(name);

    private static void Add(ShapeRule rule, params string[] operators)
    {
        foreach (var name in operators)
        {
            Table.Add(name, rule);
        }
    }
}
