namespace OnnxTransfer.Onnx;

/// <summary>Makes a vector per image of a feature map.</summary>
public static class Pooling
{
    /// <summary>
    /// Pools <paramref name="tensor"/>, whose shape without the batch is <paramref name="shape"/> ([C, H, W] whatever the
    /// layout, or [D] for a vector), to [N, width] under the name <paramref name="outputName"/>, which takes the tensor's
    /// place among the outputs or is added to them. A float16 or float64 tensor is cast to float32 first, so that sums are
    /// float32's and the vector is float32.
    /// </summary>
    /// <exception cref="OnnxException">The tensor does not exist, or is a vector that cannot be pooled over places.</exception>
    public static OnnxModel Attach(
        OnnxModel model, string tensor, TapPooling pooling, IReadOnlyList<int> shape, string outputName, TensorLayout layout = TensorLayout.Nchw)
    {
        if (shape.Count is not (1 or 3) || (shape.Count == 1 && pooling != TapPooling.None))
        {
            throw new OnnxException($"{model.Source}: tap '{tensor}' of shape [{string.Join(", ", shape)}] with pooling {pooling}; "
                + "expected [channels, height, width], or one number with pooling none");
        }

        var builder = GraphBuilder.Over(model);
        builder.Require(tensor);
        var x = AsFloat(builder, tensor);
        if (shape.Count == 3 && layout == TensorLayout.Nhwc)
        {
            x = builder.Node("Transpose", [x], $"{tensor}_nchw", ("perm", new long[] { 0, 3, 1, 2 }));
        }

        x = pooling.Name switch
        {
            "none" => x,
            "max" => builder.Node("GlobalMaxPool", [x], $"{tensor}_max"),
            "average" => builder.Node("GlobalAveragePool", [x], $"{tensor}_average"),
            "both" => builder.Node(
                "Concat", [builder.Node("GlobalAveragePool", [x], $"{tensor}_average"), builder.Node("GlobalMaxPool", [x], $"{tensor}_max")], $"{tensor}_both", ("axis", 1)),
            _ => Grid(builder, x, pooling.Grid, shape),
        };
        var output = builder.NodeInto(outputName, "Flatten", [x], ("axis", 1));
        Outputs.Replace(builder, [tensor], output, pooling.WidthOf(shape));
        return builder.Build();
    }

    /// <summary>The tensor in float32: itself, or, where it is known to be float16 or float64, a Cast of it.</summary>
    internal static string AsFloat(GraphBuilder builder, string tensor) =>
        new ElementTypes(builder.Graph)[tensor] is ElementType.Float16 or ElementType.Double
            ? builder.Node("Cast", [tensor], $"{tensor}_float", ("to", (int)ElementType.Float))
            : tensor;

    private static string Grid(GraphBuilder builder, string x, int n, IReadOnlyList<int> shape)
    {
        var (height, width) = (shape[1], shape[2]);
        if (height % n == 0 && width % n == 0)
        {
            var cell = new long[] { height / n, width / n };
            return builder.Node("AveragePool", [x], $"{x}_grid{n}", ("kernel_shape", cell), ("strides", cell));
        }

        var flat = builder.Node("Reshape", [x, builder.Longs($"{x}_places", [0, shape[0], (long)height * width], 3)], $"{x}_flat");
        var cells = builder.Floats($"{x}_cells", CellWeights(height, width, n), (long)height * width, (long)n * n);
        return builder.Node("MatMul", [flat, cells], $"{x}_grid{n}");
    }

    /// <summary>
    /// [H W, n n] weights of torch's adaptive average pooling, where the sides do not divide: cell i takes the places
    /// floor(i H / n) up to, not with, ceil((i + 1) H / n), each with the same weight; cells may share places.
    /// </summary>
    private static float[] CellWeights(int height, int width, int n)
    {
        static (int From, int To) Span(int i, int side, int n) => (i * side / n, (((i + 1) * side) + n - 1) / n);
        var weights = new float[height * width * n * n];
        for (var cell = 0; cell < n * n; cell++)
        {
            var (top, bottom) = Span(cell / n, height, n);
            var (left, right) = Span(cell % n, width, n);
            for (var y = top; y < bottom; y++)
            {
                for (var x = left; x < right; x++)
                {
                    weights[((((y * width) + x) * n) * n) + cell] = 1f / ((bottom - top) * (right - left));
                }
            }
        }

        return weights;
    }
}
