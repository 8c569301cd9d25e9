using OnnxTransfer.Onnx;

namespace OnnxTransfer.Training.Losses;

/// <summary>
/// Mean over k labels, each for itself, of softplus(x) - x t for logit x and target t of 0 to 1, which is
/// -t log(p) - (1 - t) log(1 - p) for p = sigmoid(x): a row's mean of PyTorch's BCEWithLogitsLoss(reduction="none").
/// </summary>
/// <param name="Smoothing">Targets are drawn towards 1/2 by this part.</param>
internal sealed record BinaryCrossEntropy(double Smoothing = 0) : GraphLoss
{
    /// <inheritdoc/>
    public override string Add(GraphBuilder builder, string outputs, string targets, int width, ElementType type)
    {
        if (Smoothing > 0)
        {
            string own = builder.Node("Mul", [targets, Number(builder, 1 - Smoothing, type)], "own_part");
            targets = builder.Node("Add", [own, Number(builder, Smoothing / 2, type)], "smooth_targets");
        }

        string product = builder.Node("Mul", [outputs, targets], "target_logits");
        string losses = builder.Node("Sub", [builder.Node("Softplus", [outputs], "log_partitions"), product], "label_losses");
        return MeanOfRow(builder, losses);
    }

    /// <inheritdoc/>
    public override GraphLoss Smoothed(double part) => this with { Smoothing = part };

    /// <inheritdoc/>
    public override double Of(ReadOnlySpan<float> outputs, ReadOnlySpan<float> targets)
    {
        double loss = 0;
        for (int c = 0; c < outputs.Length; c++)
        {
            double x = outputs[c], target = (targets[c] * (1 - Smoothing)) + (Smoothing / 2);
            loss += Math.Max(x, 0) + Math.Log(1 + Math.Exp(-Math.Abs(x))) - (x * target);
        }

        return loss / outputs.Length;
    }
}
