using OnnxTransfer.Onnx;

namespace OnnxTransfer.Training.Losses;

/// <summary>
/// Mean over m values of e²/2 for errors e up to Delta and Delta (|e| - Delta/2) beyond (Huber 1964): a row's mean of PyTorch's
/// HuberLoss(delta). With c the error held between -Delta and Delta it is c (e - c/2).
/// </summary>
internal sealed record HuberLoss(double Delta = 1) : GraphLoss
{
    /// <inheritdoc/>
    public override string Add(GraphBuilder builder, string outputs, string targets, int width, ElementType type)
    {
        string error = builder.Node("Sub", [outputs, targets], "errors");
        string held = builder.Node("Clip", [error, builder.Reals("low", type, [-Delta]), builder.Reals("high", type, [Delta])], "held_errors");
        string half = builder.Node("Mul", [held, Number(builder, 0.5, type)], "half_errors");
        return MeanOfRow(builder, builder.Node("Mul", [held, builder.Node("Sub", [error, half], "rest")], "value_losses"));
    }

    /// <inheritdoc/>
    public override double Of(ReadOnlySpan<float> outputs, ReadOnlySpan<float> targets)
    {
        double loss = 0;
        for (int j = 0; j < outputs.Length; j++)
        {
            double error = (double)outputs[j] - targets[j], held = Math.Clamp(error, -Delta, Delta);
            loss += held * (error - (held / 2));
        }

        return loss / outputs.Length;
    }
}
