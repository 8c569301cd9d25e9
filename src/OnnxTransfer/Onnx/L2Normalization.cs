namespace OnnxTransfer.Onnx;

/// <summary>Divides embeddings by their Euclidean length.</summary>
public static class L2Normalization
{
    /// <summary>The least length divided by, that of torch.nn.functional.normalize: a row of zeros stays zero.</summary>
    public const float LeastLength = 1e-12f;

    /// <summary>
    /// Divides every row of <paramref name="tensor"/> [N, D], float32, by max(its Euclidean length,
    /// <see cref="LeastLength"/>), as torch.nn.functional.normalize does: <paramref name="outputName"/> [N, D] takes the
    /// tensor's place among the outputs or is added to them.
    /// </summary>
    /// <exception cref="OnnxException">The tensor does not exist, or the output's name is taken.</exception>
    public static OnnxModel Attach(OnnxModel model, string tensor, string outputName)
    {
        var builder = GraphBuilder.Over(model);
        builder.Require(tensor);
        var dims = builder.Dimensions(tensor);

        var (inputs, attributes) = builder.Along(axis: 1, tensor);
        var length = builder.Node("ReduceL2", inputs, $"{tensor}_length", attributes);

        // Max broadcasts since operator set 8; before, Clip has the bound as attribute.
        var divisor = builder.Opset >= 8
            ? builder.Node("Max", [length, builder.Floats($"{tensor}_least", [LeastLength])], $"{tensor}_divisor")
            : builder.Node("Clip", [length], $"{tensor}_divisor", ("min", LeastLength));
        var output = builder.NodeInto(outputName, "Div", [tensor, divisor]);
        Outputs.Replace(builder, [tensor], output, dims is [_, var w] ? w : 0, dims is [var n, _] ? n : -1);
        return builder.Build();
    }

    /// <summary>The same for one row here, in place.</summary>
    internal static void Divide(Span<float> row)
    {
        var squares = 0.0;
        foreach (var value in row)
        {
            squares += (double)value * value;
        }

        var divisor = (float)Math.Max(Math.Sqrt(squares), LeastLength);
        foreach (ref var value in row)
        {
            value /= divisor;
        }
    }
}
