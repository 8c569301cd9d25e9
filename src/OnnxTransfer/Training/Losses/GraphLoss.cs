using OnnxTransfer.Onnx;

namespace OnnxTransfer.Training.Losses;

/// <summary>
/// A loss per row of outputs, twice: as nodes of a graph, and in float64 for single rows, which scores validation rows and
/// is what the graph is tested against. For training step by step; whole passes of convex heads take an <see cref="IRowLoss"/>.
/// </summary>
internal abstract record GraphLoss
{
    /// <summary>
    /// Adds the losses [B] of <paramref name="outputs"/> [B, k] against <paramref name="targets"/> [B, k], both of <paramref name="type"/>,
    /// float or double; <paramref name="width"/> is k.
    /// </summary>
    public abstract string Add(GraphBuilder builder, string outputs, string targets, int width, ElementType type);

    /// <summary>The loss of one row: k outputs, k targets.</summary>
    public abstract double Of(ReadOnlySpan<float> outputs, ReadOnlySpan<float> targets);

    /// <summary>The same with a part of each target spread over all classes, or drawn towards 1/2; 0: none, as validation rows are scored.</summary>
    /// <exception cref="TrainingException">Its targets are no classes or labels.</exception>
    public virtual GraphLoss Smoothed(double part) => part == 0 ? this : throw new TrainingException(FormattableString.Invariant(
        $"LabelSmoothing = {part} is set for {GetType().Name}, whose targets are no classes; expected 0"));

    /// <summary>
    /// Adds the scalar sum_i(weight_i x loss_i); with weights [B] that hold w_i / B it is a mean over the batch, and a row of weight 0
    /// only fills the batch up.
    /// </summary>
    public string AddSum(GraphBuilder builder, string outputs, string targets, string weights, int width, ElementType type)
    {
        string losses = Add(builder, outputs, targets, width, type);
        return builder.Node("ReduceSum", [builder.Node("Mul", [losses, weights], "weighted_losses")], "loss", ("keepdims", 0));
    }

    /// <summary>The sum over the k columns, [B].</summary>
    protected static string SumOfRow(GraphBuilder builder, string tensor) =>
        builder.Node("ReduceSum", [tensor, builder.Longs("columns", [1], 1)], "row_sums", ("keepdims", 0));

    /// <summary>The mean over the k columns, [B].</summary>
    protected static string MeanOfRow(GraphBuilder builder, string tensor) => builder.Opset >= 18
        ? builder.Node("ReduceMean", [tensor, builder.Longs("columns", [1], 1)], "row_means", ("keepdims", 0))
        : builder.Node("ReduceMean", [tensor], "row_means", ("axes", new long[] { 1 }), ("keepdims", 0));

    /// <summary>A constant of one element.</summary>
    protected static string Number(GraphBuilder builder, double value, ElementType type) => builder.Reals("number", type, [value], 1);
}
