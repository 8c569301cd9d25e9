using OnnxTransfer.Numerics;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Heads;

/// <summary>
/// A linear head on directions: the embedding is standardised and divided by its length before the matrix product. An
/// embedding of zeros stays one of zeros, so that nothing is NaN.
/// </summary>
public sealed class CentroidHead : IHead
{
    private readonly LinearHead _lines;

    /// <summary>A head of given numbers; nothing is copied.</summary>
    /// <param name="mean">D values that are subtracted first.</param>
    /// <param name="scale">D values that are multiplied by then.</param>
    /// <param name="lines">What is done with the direction, D wide.</param>
    /// <exception cref="ArgumentException">The widths differ.</exception>
    public CentroidHead(float[] mean, float[] scale, LinearHead lines)
    {
        if (mean.Length != lines.Width || scale.Length != lines.Width)
        {
            throw new ArgumentException($"{mean.Length} means and {scale.Length} scales for a head of width {lines.Width}; expected as many of each");
        }

        (Mean, Scale, _lines) = (mean, scale, lines);
    }

    /// <inheritdoc/>
    public int Width => _lines.Width;

    /// <inheritdoc/>
    public int Outputs => _lines.Outputs;

    /// <inheritdoc/>
    public IReadOnlyList<string> Classes => _lines.Classes;

    /// <summary>D values that are subtracted from the embedding.</summary>
    public float[] Mean { get; }

    /// <summary>D values that the difference is multiplied by.</summary>
    public float[] Scale { get; }

    /// <summary>k x D weights of the direction: that of each centroid times 2 / temperature.</summary>
    public float[] Weights => _lines.Weights;

    /// <summary>k biases.</summary>
    public float[] Bias => _lines.Bias;

    /// <inheritdoc/>
    public Matrix Predict(IRows rows) => _lines.Predict(rows.Width == Width ? new Directions(this, rows) : rows);

    /// <inheritdoc/>
    public void Predict(ReadOnlySpan<float> embedding, Span<float> result) =>
        _lines.Predict(embedding.Length == Width ? Direction(embedding) : embedding, result);

    /// <inheritdoc/>
    public OnnxModel ToOnnx(int opset = 13)
    {
        var builder = GraphBuilder.Empty(opset, "head");
        builder.Input(IHead.EmbeddingName, ElementType.Float, -1, Width);
        string centred = builder.Node("Sub", [IHead.EmbeddingName, builder.Floats("head_mean", Mean, Width)], "centred");
        string scaled = builder.Node("Mul", [centred, builder.Floats("head_scale", Scale, Width)], "scaled");
        builder.Output(scaled, ElementType.Float, -1, Width);
        var model = L2Normalization.Attach(builder.Build(), scaled, "direction");
        return Cut.At(HeadGraph.Attach(model, "direction", Weights, Bias, HeadOutput.Probabilities, IHead.ProbabilitiesName), [IHead.ProbabilitiesName]);
    }

    private float[] Direction(ReadOnlySpan<float> embedding)
    {
        var result = new float[embedding.Length];
        for (int j = 0; j < result.Length; j++)
        {
            result[j] = (embedding[j] - Mean[j]) * Scale[j];
        }

        L2Normalization.Divide(result);
        return result;
    }

    private sealed class Directions(CentroidHead head, IRows rows) : IRows
    {
        public int Count => rows.Count;

        public int Width => rows.Width;

        public ReadOnlySpan<float> this[int index] => head.Direction(rows[index]);
    }
}
