using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Onnx;

/// <summary>Lets one graph go on where another ends.</summary>
public static class Join
{
    /// <summary>
    /// Feeds <paramref name="tensor"/> of <paramref name="model"/> to the one input of <paramref name="next"/>, as float32. Outputs
    /// of both remain; those of <paramref name="next"/> keep their names, its inner tensors get others where theirs are taken.
    /// </summary>
    /// <exception cref="OnnxException">
    /// The tensor does not exist, the widths differ, an output's name is taken, or the two use different standard operator sets.
    /// </exception>
    public static OnnxModel After(OnnxModel model, string tensor, OnnxModel next)
    {
        if (next.Inputs is not [var input])
        {
            throw new OnnxException($"{next.Source}: has the inputs {string.Join(", ", next.Inputs)}; expected one, to be fed by '{tensor}'");
        }

        if (next.Opset != model.Opset && next.NodeCount > 0)
        {
            throw new OnnxException($"{next.Source} is of operator set {next.Opset}, {model.Source} of {model.Opset}; expected the same: write the head for operator set {model.Opset}");
        }

        var builder = GraphBuilder.Over(model);
        builder.Require(tensor);
        CheckWidth(model, tensor, builder.Dimensions(tensor), input);
        var fed = Pooling.AsFloat(builder, tensor);
        var renamed = Renamed(model, next, input.Name, builder).Proto;
        foreach (var weights in renamed.Graph.Initializer)
        {
            builder.Graph.Initializer.Add(weights);
        }

        foreach (var node in renamed.Graph.Node)
        {
            for (var i = 0; i < node.Input.Count; i++)
            {
                node.Input[i] = node.Input[i] == input.Name ? fed : node.Input[i];
            }

            builder.PutForeign(node);
        }

        builder.Graph.Output.AddRange(renamed.Graph.Output);
        builder.Graph.ValueInfo.AddRange(renamed.Graph.ValueInfo);
        builder.Import(renamed.OpsetImport, renamed.IrVersion);
        return builder.Build();
    }

    // Every tensor of the second graph under a name that is free in the first; its outputs must be free as they are.
    private static OnnxModel Renamed(OnnxModel model, OnnxModel next, string input, GraphBuilder builder)
    {
        var outputs = next.Outputs.Select(output => output.Name).ToHashSet(StringComparer.Ordinal);
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in next.TensorNames.Concat(next.Graph.Initializer.Select(weights => weights.Name)))
        {
            var free = builder.Reserve(name);
            if (free != name && outputs.Contains(name))
            {
                throw new OnnxException($"{model.Source}: already has a tensor '{name}', which is what {next.Source} calls its output; rename one of them");
            }

            if (free != name)
            {
                names[name] = free;
            }
        }

        return names.Count == 0 ? new(next.Proto.Clone(), next.Source) : TensorNames.Rename(next, names);
    }

    private static void CheckWidth(OnnxModel model, string tensor, IReadOnlyList<long>? dims, TensorInfo input)
    {
        var wanted = input.Dimensions is [_, var width] ? width : -1;
        if (dims is not null && (dims is not [_, var found] || (found >= 0 && wanted >= 0 && found != wanted)))
        {
            throw new OnnxException($"{model.Source}: '{tensor}' has shape [{string.Join(", ", dims)}] and the head wants [N, {wanted}]; "
                + "fit the head on the embeddings of this backbone and these taps");
        }
    }
}
