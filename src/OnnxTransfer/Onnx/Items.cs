namespace OnnxTransfer.Onnx;

/// <summary>What turns the embeddings of images into the row of an item: the mean of several photos, further numbers.</summary>
public static class Items
{
    /// <summary>
    /// Averages all rows of <paramref name="tensor"/> [N, D] to <paramref name="outputName"/> [1, D], which takes its place
    /// among the outputs: one item per run, of as many photos as the batch holds.
    /// </summary>
    public static OnnxModel AverageRows(OnnxModel model, string tensor, string outputName = "embedding_mean")
    {
        var builder = GraphBuilder.Over(model);
        builder.Require(tensor);
        var (inputs, attributes) = builder.Along(axis: 0, tensor);
        var output = builder.NodeInto(outputName, "ReduceMean", inputs, attributes);
        Outputs.Replace(builder, [tensor], output, builder.Dimensions(tensor) is [_, var w] ? w : 0, rows: 1);
        return builder.Build();
    }

    /// <summary>
    /// Adds the input <paramref name="inputName"/> [rows, count] and appends it to every row of <paramref name="tensor"/>
    /// [rows, D]: <paramref name="outputName"/> [rows, D + count] takes the tensor's place among the outputs.
    /// </summary>
    public static OnnxModel AppendNumbers(
        OnnxModel model, string tensor, string inputName, int count, string outputName = "embedding_numbers")
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        var builder = GraphBuilder.Over(model);
        builder.Require(tensor);
        var dims = builder.Dimensions(tensor);
        var rows = dims is [var r, _] ? r : -1;
        builder.Input(inputName, ElementType.Float, rows, count);
        var output = builder.NodeInto(outputName, "Concat", [tensor, inputName], ("axis", 1));
        Outputs.Replace(builder, [tensor], output, dims is [_, var w] && w > 0 ? w + count : 0, rows);
        return builder.Build();
    }
}
