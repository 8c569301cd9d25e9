using OnnxTransfer.Onnx;

namespace OnnxTransfer.Training.Losses;

/// <summary>
/// Mean over m values of the pinball loss of a level q (Koenker and Bassett 1978): q e for targets e above the output, (1 - q) |e| for
/// those below; an output that makes it smallest is the q-quantile of its targets. As scikit-learn's mean_pinball_loss(alpha=q).
/// </summary>
/// <param name="Levels">Between 0 and 1: one for each of the m outputs, or one for all.</param>
internal sealed record QuantileLoss(params double[] Levels) : GraphLoss
{
    /// <inheritdoc/>
    public override string Add(GraphBuilder builder, string outputs, string targets, int width, ElementType type)
    {
        if ((Levels.Length != 1 && Levels.Length != width) || Levels.Any(level => level is not (> 0 and < 1)))
        {
            throw new TrainingException(
                $"the levels of the quantile loss are [{string.Join(", ", Levels)}]; expected numbers between 0 and 1, one for each of the {width} outputs or one for all");
        }

        // q e + max(-e, 0): the same on either side.
        string excess = builder.Node("Sub", [outputs, targets], "excess");
        string tilt = builder.Node("Mul", [excess, builder.Reals("levels", type, Levels, Levels.Length)], "tilted");
        return MeanOfRow(builder, builder.Node("Sub", [builder.Node("Relu", [excess], "overshoot"), tilt], "value_losses"));
    }

    /// <inheritdoc/>
    public override double Of(ReadOnlySpan<float> outputs, ReadOnlySpan<float> targets)
    {
        double loss = 0;
        for (int j = 0; j < outputs.Length; j++)
        {
            double level = Levels[Levels.Length == 1 ? 0 : j], error = (double)targets[j] - outputs[j];
            loss += error > 0 ? level * error : (level - 1) * error;
        }

        return loss / outputs.Length;
    }
}
