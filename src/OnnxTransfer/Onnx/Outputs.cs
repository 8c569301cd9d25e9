namespace OnnxTransfer.Onnx;

/// <summary>Joins and names the outputs of a graph.</summary>
public static class Outputs
{
    /// <summary>
    /// Concatenates the tensors <paramref name="names"/>, [N, w] each, along axis 1 to <paramref name="outputName"/>, which
    /// takes their place among the outputs.
    /// </summary>
    /// <exception cref="OnnxException">A tensor does not exist, or none is given.</exception>
    public static OnnxModel Concat(OnnxModel model, IReadOnlyList<string> names, string outputName)
    {
        var builder = GraphBuilder.Over(model);
        if (names.Count == 0)
        {
            throw new OnnxException($"{model.Source}: nothing to concatenate to '{outputName}'; give at least one tensor");
        }

        foreach (var name in names)
        {
            builder.Require(name);
        }

        var widths = names.Select(name => builder.Dimensions(name) is [_, var w] ? w : -1).ToArray();
        var output = names.Count == 1
            ? builder.NodeInto(outputName, "Identity", [names[0]])
            : builder.NodeInto(outputName, "Concat", [.. names], ("axis", 1));
        Replace(builder, names, output, widths.All(w => w > 0) ? widths.Sum() : 0);
        return builder.Build();
    }

    /// <summary>Declares <paramref name="output"/> [rows, width] where the first of <paramref name="replaced"/> stood among the outputs, or last.</summary>
    internal static void Replace(GraphBuilder builder, IReadOnlyList<string> replaced, string output, long width, long rows = -1)
    {
        var outputs = builder.Graph.Output;
        var old = outputs.ToArray();
        var place = Array.FindIndex(old, o => replaced.Contains(o.Name));
        outputs.Clear();
        builder.Output(output, ElementType.Float, width > 0 ? [rows, width] : []);
        var fresh = outputs[0];
        outputs.Clear();
        outputs.AddRange(old[..(place < 0 ? old.Length : place)]);
        outputs.Add(fresh);
        outputs.AddRange(old[(place < 0 ? old.Length : place)..].Where(o => !replaced.Contains(o.Name)));
    }
}
