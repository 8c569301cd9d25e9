using OnnxTransfer.Numerics;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Heads;

/// <summary>
/// Three linear quantiles of one target: low, value (the median) and high. Lines that were fitted apart may cross; their
/// values are put in order, which brings them no further from the true quantiles (Chernozhukov, Fernandez-Val and Galichon
/// 2010), here and in ONNX.
/// </summary>
public sealed class QuantileHead : IHead
{
    private static readonly string[] Names = ["low", IHead.ValueName, "high"];

    private readonly LinearHead _lines;

    /// <summary>A head of given weights; nothing is copied.</summary>
    /// <param name="weights">3 x D weights of the raw embedding, row-major: low, median, high.</param>
    /// <param name="bias">3 biases.</param>
    /// <param name="exponential">True where the logarithm of the target was fitted.</param>
    /// <exception cref="ArgumentException">The sizes do not fit each other.</exception>
    public QuantileHead(float[] weights, float[] bias, bool exponential)
    {
        _lines = new LinearHead(weights, bias, exponential ? Activation.Exponential : Activation.Identity, [], Names);
    }

    /// <inheritdoc/>
    public int Width => _lines.Width;

    /// <inheritdoc/>
    public int Outputs => _lines.Outputs;

    /// <inheritdoc/>
    public IReadOnlyList<string> Classes => [];

    /// <inheritdoc/>
    public IReadOnlyList<string> ValueNames => Names;

    /// <summary>3 x D weights of the raw embedding, row-major: low, median, high.</summary>
    public float[] Weights => _lines.Weights;

    /// <summary>3 biases.</summary>
    public float[] Bias => _lines.Bias;

    /// <summary>True where the logarithm of the target was fitted.</summary>
    public bool IsExponential => _lines.Activation == Activation.Exponential;

    /// <inheritdoc/>
    public Matrix Predict(IRows rows)
    {
        var result = _lines.Predict(rows);
        for (int i = 0; i < rows.Count; i++)
        {
            result.Row(i).Sort();
        }

        return result;
    }

    /// <inheritdoc/>
    public void Predict(ReadOnlySpan<float> embedding, Span<float> result)
    {
        _lines.Predict(embedding, result);
        result.Sort();
    }

    /// <inheritdoc/>
    public OnnxModel ToOnnx(int opset = 13)
    {
        var builder = GraphBuilder.Empty(opset, "head");
        builder.Input(IHead.EmbeddingName, ElementType.Float, -1, Width);
        string lines = builder.Node(
            "Gemm", [IHead.EmbeddingName, builder.Floats("head_weights", Weights, Outputs, Width), builder.Floats("head_bias", Bias, Outputs)],
            "head_lines", ("transB", 1));
        string[] line = [.. Names.Select((name, i) => builder.Node("Gather", [lines, builder.Longs($"{name}_place", [i], 1)], $"{name}_line", ("axis", 1)))];
        string lower = builder.Node("Min", line[..2], "lower"), upper = builder.Node("Max", line[..2], "upper");
        string[] ordered =
        [
            builder.Node("Min", [lower, line[2]], "least"),
            builder.Node("Max", [lower, builder.Node("Min", [upper, line[2]], "upper_or_last")], "middle"),
            builder.Node("Max", [upper, line[2]], "greatest"),
        ];
        if (IsExponential)
        {
            builder.NodeInto(IHead.ValueName, "Exp", [builder.Node("Concat", ordered, "head_scores", ("axis", 1))]);
        }
        else
        {
            builder.NodeInto(IHead.ValueName, "Concat", ordered, ("axis", 1));
        }

        builder.Output(IHead.ValueName, ElementType.Float, -1, Outputs);
        return builder.Build();
    }
}
