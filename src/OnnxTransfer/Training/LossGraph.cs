using OnnxTransfer.Onnx;

namespace OnnxTransfer.Training;

/// <summary>
/// A loss and its gradient over a block of B rows as an ONNX graph: standardised rows z [B, D], answers [B, k] of 0 and 1,
/// row weights [B, 1], W [k, D] and b [k] become each row's loss [B, 1] and the gradients by W [k, D] and b [1, k].
/// </summary>
internal static class LossGraph
{
    public const string Rows = "rows", Answers = "answers", RowWeights = "row_weights", Weights = "weights", Bias = "bias";
    public const string Losses = "losses", WeightGradient = "weight_gradient", BiasGradient = "bias_gradient";

    private const int Opset = 13;

    /// <summary>The graph of a loss for blocks of <paramref name="rows"/> rows.</summary>
    public static OnnxModel Make(ILabelLoss loss, int rows, int width)
    {
        int k = loss.Outputs;
        var builder = GraphBuilder.Empty(Opset, "loss");
        builder.Input(Rows, ElementType.Float, rows, width);
        builder.Input(Answers, ElementType.UInt8, rows, k);
        builder.Input(RowWeights, ElementType.Float, rows, 1);
        builder.Input(Weights, ElementType.Float, k, width);
        builder.Input(Bias, ElementType.Float, k);
        string answers = builder.Node("Cast", [Answers], "answers_float", ("to", (int)ElementType.Float));
        string outputs = builder.Node("Gemm", [Rows, Weights, Bias], "outputs", ("transB", 1));
        var (probabilities, losses) = loss.IsExclusive ? Softmax(builder, outputs, answers) : Sigmoid(builder, outputs, answers);
        Sum(builder, Losses, losses, axis: 1);
        string residuals = builder.Node("Mul", [builder.Node("Sub", [probabilities, answers], "errors"), RowWeights], "residuals");
        builder.NodeInto(WeightGradient, "Gemm", [residuals, Rows], ("transA", 1));
        Sum(builder, BiasGradient, residuals, axis: 0);
        builder.Output(Losses, ElementType.Float, rows, 1);
        builder.Output(WeightGradient, ElementType.Float, k, width);
        builder.Output(BiasGradient, ElementType.Float, 1, k);
        return builder.Build();
    }

    private static (string Probabilities, string Losses) Softmax(GraphBuilder builder, string outputs, string answers)
    {
        string logs = builder.Node("LogSoftmax", [outputs], "logs", ("axis", 1));
        return (builder.Node("Exp", [logs], "probabilities"), builder.Node("Neg", [builder.Node("Mul", [logs, answers], "answered")], "loss"));
    }

    private static (string Probabilities, string Losses) Sigmoid(GraphBuilder builder, string outputs, string answers)
    {
        string answered = builder.Node("Mul", [outputs, answers], "answered");
        return (builder.Node("Sigmoid", [outputs], "probabilities"),
            builder.Node("Sub", [builder.Node("Softplus", [outputs], "softplus"), answered], "loss"));
    }

    private static void Sum(GraphBuilder builder, string output, string tensor, long axis) =>
        builder.NodeInto(output, "ReduceSum", [tensor, builder.Longs($"{output}_axis", [axis], 1)], ("keepdims", 1));
}
