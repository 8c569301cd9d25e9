using OnnxTransfer.Onnx;

namespace OnnxTransfer.Training.Gradients;

/// <summary>
/// y = scale x^ + shift with x^ = (x - mean) / sqrt(variance + epsilon) per channel: dshift = sum(dy), dscale = sum(dy x^) over
/// rows and places; dx = scale / sqrt(variance + epsilon) x dy where the statistics are fixed. Where they are the batch's own
/// (<see cref="TrainingBatchNorm"/>) each of its n values a channel moves them too, which takes dshift / n + x^ dscale / n off dy.
/// </summary>
internal static class BatchNormalizationGradient
{
    public static string?[] Of(GradientNode node, string gradient)
    {
        string x = node.Input(0), scale = node.Input(1), mean = node.Input(3), variance = node.Input(4);
        string? centred = Centred(node);
        bool isOfBatch = centred is not null && node.Needs(0);
        if ((node.Needs(3) || node.Needs(4)) && centred is null)
        {
            throw node.Unsupported("its mean or variance depends on trainable weights, and is not the batch's own; expected fixed statistics, or training_mode = 1");
        }

        var dims = node.Type(x).Dimensions;
        string perChannel = node.List([dims[1], .. Enumerable.Repeat(1L, dims.Count - 2)]);
        string deviation = node.Add("Sqrt", [node.Add("Add", [variance, node.Number(node.Node.Float("epsilon", 1e-5f), x)])]);
        string? shiftGradient = node.Needs(2) || isOfBatch ? ConvGradient.OfBias(node, gradient) : null, scaleGradient = null;
        if (node.Needs(1) || isOfBatch)
        {
            centred ??= node.Add("Sub", [x, node.Add("Reshape", [mean, perChannel])]);
            scaleGradient = node.Add("Div", [ConvGradient.OfBias(node, node.Add("Mul", [gradient, centred])), deviation]);
        }

        return [node.Needs(0) ? OfInput() : null, node.Needs(1) ? scaleGradient : null, node.Needs(2) ? shiftGradient : null, null, null];

        string OfInput()
        {
            string factor = node.Add("Reshape", [node.Add("Div", [scale, deviation]), perChannel]);
            if (!isOfBatch)
            {
                return node.Add("Mul", [gradient, factor]);
            }

            // dscale / n x^ + dshift / n is x normalised once more, with another scale and shift.
            string part = node.Number((double)dims[1] / node.Type(x).Count, x);
            string ofStatistics = node.Add(
                "BatchNormalization",
                [x, node.Add("Mul", [scaleGradient!, part]), node.Add("Mul", [shiftGradient!, part]), mean, variance],
                ("epsilon", node.Node.Float("epsilon", 1e-5f)));
            return node.Add("Mul", [node.Add("Sub", [gradient, ofStatistics]), factor]);
        }
    }

    // x - mean, where mean and variance were computed from x itself as TrainingBatchNorm does; null otherwise.
    private static string? Centred(GradientNode node)
    {
        if (Source(node.Input(3), "Reshape", "ReduceMean") is not { } x || x != node.Input(0)
            || Source(node.Input(4), "Reshape", "ReduceMean", "Mul") is not { } centred || Source(centred, "Sub") != x)
        {
            return null;
        }

        return centred;

        // The first input of the first of a chain of nodes, the last of which gives the tensor.
        string? Source(string tensor, params ReadOnlySpan<string> operators)
        {
            foreach (string operation in operators)
            {
                if (node.Giver(tensor) is not { } giver || !giver.IsStandard(operation))
                {
                    return null;
                }

                tensor = giver.Input[0];
            }

            return tensor;
        }
    }
}
