using OnnxTransfer.Numerics;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Heads;

/// <summary>
/// A linear probe: activation(W x + b) of a raw embedding x. Whatever standardisation the fit used is folded into W and b,
/// so that the head is one matrix product, here and in ONNX.
/// </summary>
public sealed class LinearHead : IHead
{
    private const int BlockRows = 64;

    /// <summary>A head of given weights; nothing is copied.</summary>
    /// <param name="weights">k x D, row-major: the weights of output c start at c x D.</param>
    /// <param name="bias">k values; their number decides k.</param>
    /// <param name="activation">What is done with W x + b.</param>
    /// <param name="classes">k names in the order of the outputs for <see cref="Activation.Softmax"/> and <see cref="Activation.Sigmoid"/>, else empty.</param>
    /// <param name="valueNames">k names of the values for the other activations; null: one value, named "value".</param>
    /// <exception cref="ArgumentException">The sizes do not fit each other.</exception>
    public LinearHead(
        float[] weights, float[] bias, Activation activation, IReadOnlyList<string> classes, IReadOnlyList<string>? valueNames = null)
    {
        bool isClassifier = activation is Activation.Softmax or Activation.Sigmoid;
        valueNames ??= isClassifier ? [] : [IHead.ValueName];
        if (bias.Length == 0 || weights.Length == 0 || weights.Length % bias.Length != 0
            || classes.Count != (isClassifier ? bias.Length : 0) || valueNames.Count != (isClassifier ? 0 : bias.Length))
        {
            throw new ArgumentException(
                $"a {activation} head of {weights.Length} weights, {bias.Length} biases, {classes.Count} class names and {valueNames.Count} value names does not fit together; " +
                "expected k x D weights, k biases, and k class names for Softmax and Sigmoid, k value names for the others");
        }

        Weights = weights;
        Bias = bias;
        Activation = activation;
        Classes = classes;
        ValueNames = valueNames;
    }

    /// <inheritdoc/>
    public HeadTask Task => Activation switch
    {
        Activation.Softmax => HeadTask.Classes,
        Activation.Sigmoid => HeadTask.Labels,
        _ => HeadTask.Values,
    };

    /// <inheritdoc/>
    public int Width => Weights.Length / Bias.Length;

    /// <inheritdoc/>
    public int Outputs => Bias.Length;

    /// <inheritdoc/>
    public IReadOnlyList<string> Classes { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> ValueNames { get; }

    /// <summary>k x D weights of the raw embedding, row-major.</summary>
    public float[] Weights { get; }

    /// <summary>k biases.</summary>
    public float[] Bias { get; }

    /// <summary>What is done with W x + b.</summary>
    public Activation Activation { get; }

    /// <inheritdoc/>
    public Matrix Predict(IRows rows)
    {
        PredictCheck.Width(this, rows.Width);
        var result = new Matrix(rows.Count, Outputs);
        int blocks = (rows.Count + BlockRows - 1) / BlockRows;
        Parallel.For(0, blocks, () => new float[BlockRows * Width], (block, _, buffer) =>
        {
            int first = block * BlockRows, count = Math.Min(BlockRows, rows.Count - first);
            for (int i = 0; i < count; i++)
            {
                rows[first + i].CopyTo(buffer.AsSpan(i * Width, Width));
            }

            var outputs = result.Values.AsSpan(first * Outputs, count * Outputs);
            FloatProducts.Multiply(buffer.AsSpan(0, count * Width), Weights, Width, outputs);
            for (int i = 0; i < count; i++)
            {
                Activate(outputs.Slice(i * Outputs, Outputs));
            }

            return buffer;
        }, _ => { });
        return result;
    }

    /// <inheritdoc/>
    public void Predict(ReadOnlySpan<float> embedding, Span<float> result)
    {
        PredictCheck.Row(this, embedding, result);
        FloatProducts.Multiply(embedding, Weights, Width, result);
        Activate(result);
    }

    /// <inheritdoc/>
    public OnnxModel ToOnnx(int opset = 13)
    {
        var builder = GraphBuilder.Empty(opset, "head");
        builder.Input(IHead.EmbeddingName, ElementType.Float, -1, Width);
        var (output, kind) = Activation.Output();
        return HeadGraph.Attach(builder.Build(), IHead.EmbeddingName, Weights, Bias, kind, output);
    }

    // Adds the bias, then activates, both in place.
    private void Activate(Span<float> outputs)
    {
        for (int c = 0; c < outputs.Length; c++)
        {
            outputs[c] += Bias[c];
        }

        Activation.Apply(outputs);
    }
}
