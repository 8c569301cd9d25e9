using OnnxTransfer.Onnx;

namespace OnnxTransfer.Training.Losses;

/// <summary>
/// -sum_c(w_c t_c log softmax(outputs)_c) for targets t that are a distribution over k classes, 1 at the label as a rule, as
/// PyTorch's CrossEntropyLoss(weight, label_smoothing, reduction="none").
/// </summary>
/// <param name="Smoothing">The part of the target that is spread evenly over all k classes (Szegedy et al. 2016).</param>
/// <param name="ClassWeights">k weights; empty: all 1.</param>
internal sealed record SoftmaxCrossEntropy(double Smoothing = 0, double[]? ClassWeights = null) : GraphLoss
{
    /// <inheritdoc/>
    public override string Add(GraphBuilder builder, string outputs, string targets, int width, ElementType type)
    {
        string logs = builder.Node("LogSoftmax", [outputs], "log_probabilities", ("axis", 1));
        if (Smoothing > 0)
        {
            string own = builder.Node("Mul", [targets, Number(builder, 1 - Smoothing, type)], "own_part");
            targets = builder.Node("Add", [own, Number(builder, Smoothing / width, type)], "smooth_targets");
        }

        if (ClassWeights is { Length: > 0 } weights)
        {
            targets = builder.Node("Mul", [targets, builder.Reals("class_weights", type, weights, weights.Length)], "weighted_targets");
        }

        return builder.Node("Neg", [SumOfRow(builder, builder.Node("Mul", [targets, logs], "log_likelihoods"))], "losses");
    }

    /// <inheritdoc/>
    public override GraphLoss Smoothed(double part) => this with { Smoothing = part };

    /// <inheritdoc/>
    public override double Of(ReadOnlySpan<float> outputs, ReadOnlySpan<float> targets)
    {
        double largest = double.NegativeInfinity, sum = 0, loss = 0;
        foreach (float output in outputs)
        {
            largest = Math.Max(largest, output);
        }

        for (int c = 0; c < outputs.Length; c++)
        {
            sum += Math.Exp(outputs[c] - largest);
        }

        for (int c = 0; c < outputs.Length; c++)
        {
            double target = (targets[c] * (1 - Smoothing)) + (Smoothing / targets.Length);
            loss -= (ClassWeights is { Length: > 0 } weights ? weights[c] : 1) * target * (outputs[c] - largest - Math.Log(sum));
        }

        return loss;
    }
}
