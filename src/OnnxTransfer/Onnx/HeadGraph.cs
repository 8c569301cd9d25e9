namespace OnnxTransfer.Onnx;

/// <summary>Attaches a linear head to an embedding.</summary>
public static class HeadGraph
{
    /// <summary>
    /// Adds the output <paramref name="outputName"/> [N, k] = embedding [N, D] x weights^T + bias, with a softmax over the
    /// k columns for probabilities. <paramref name="weights"/> are k x D, row by row; an embedding of
    /// float16 or float64 is cast to float32. Outputs there were stay; Cut drops them.
    /// </summary>
    /// <exception cref="OnnxException">The embedding does not exist, or its width is not D.</exception>
    public static OnnxModel Attach(
        OnnxModel model, string embedding, ReadOnlySpan<float> weights, ReadOnlySpan<float> bias, HeadOutput kind, string outputName)
    {
        var builder = GraphBuilder.Over(model);
        builder.Require(embedding);
        var width = bias.Length == 0 ? 0 : weights.Length / bias.Length;
        if (bias.Length == 0 || weights.Length == 0 || weights.Length % bias.Length != 0)
        {
            throw new OnnxException($"{model.Source}: a head of {weights.Length} weights and {bias.Length} biases; expected k biases and k x D weights");
        }

        var rows = -1L;
        if (builder.Dimensions(embedding) is { } dims)
        {
            if (dims is not [_, var found] || (found >= 0 && found != width))
            {
                throw new OnnxException($"{model.Source}: '{embedding}' has shape [{string.Join(", ", dims)}] and the head wants [N, {width}]; "
                    + "fit the head on the embeddings of this backbone and these taps");
            }

            rows = dims[0];
        }

        var classes = bias.Length;
        string[] operands = [Pooling.AsFloat(builder, embedding), builder.Floats("head_weights", weights, classes, width), builder.Floats("head_bias", bias, classes)];
        if (kind == HeadOutput.Value)
        {
            builder.NodeInto(outputName, "Gemm", operands, ("transB", 1));
        }
        else if (kind is HeadOutput.Exponential or HeadOutput.Labels)
        {
            builder.NodeInto(outputName, kind == HeadOutput.Labels ? "Sigmoid" : "Exp", [builder.Node("Gemm", operands, "head_scores", ("transB", 1))]);
        }
        else
        {
            builder.NodeInto(outputName, "Softmax", [builder.Node("Gemm", operands, "head_scores", ("transB", 1))], ("axis", 1));
        }

        builder.Output(outputName, ElementType.Float, rows, classes);
        return builder.Build();
    }
}
