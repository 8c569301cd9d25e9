using OnnxTransfer.Onnx;

namespace OnnxTransfer.Training.Losses;

/// <summary>Mean over m values of (output - target)²: a row's mean of PyTorch's MSELoss.</summary>
internal sealed record SquaredLoss : GraphLoss
{
    /// <inheritdoc/>
    public override string Add(GraphBuilder builder, string outputs, string targets, int width, ElementType type)
    {
        string error = builder.Node("Sub", [outputs, targets], "errors");
        return MeanOfRow(builder, builder.Node("Mul", [error, error], "squares"));
    }

    /// <inheritdoc/>
    public override double Of(ReadOnlySpan<float> outputs, ReadOnlySpan<float> targets)
    {
        double loss = 0;
        for (int j = 0; j < outputs.Length; j++)
        {
            double error = (double)outputs[j] - targets[j];
            loss += error * error;
        }

        return loss / outputs.Length;
    }
}
