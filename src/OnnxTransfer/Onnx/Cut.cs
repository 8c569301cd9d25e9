using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Onnx;

/// <summary>Shortens a graph to what computes the wanted tensors.</summary>
public static class Cut
{
    /// <summary>
    /// Makes <paramref name="tensors"/> the outputs, in this order; nodes, weights and inputs that none of them needs are
    /// left out. The numbers of what remains do not change.
    /// </summary>
    /// <exception cref="OnnxException">A tensor does not exist (the message lists those that do), or does not depend on any input.</exception>
    public static OnnxModel At(OnnxModel model, params IReadOnlyList<string> tensors)
    {
        var builder = GraphBuilder.Over(model);
        var graph = builder.Graph;
        foreach (var tensor in tensors)
        {
            builder.Require(tensor);
        }

        var needed = new HashSet<string>(tensors, StringComparer.Ordinal);
        var kept = new List<NodeProto>();
        foreach (var node in graph.Node.Reverse().Where(node => node.Output.Any(needed.Contains)))
        {
            kept.Add(node);
            needed.UnionWith(Reads(node));
        }

        kept.Reverse();
        RequireDependence(model, kept, tensors);
        Replace(graph.Node, kept);
        Replace(graph.Initializer, [.. graph.Initializer.Where(t => needed.Contains(t.Name))]);
        Replace(graph.SparseInitializer, [.. graph.SparseInitializer.Where(t => needed.Contains(t.Values?.Name ?? ""))]);
        Replace(graph.Input, [.. graph.Input.Where(i => needed.Contains(i.Name))]);
        Replace(graph.QuantizationAnnotation, [.. graph.QuantizationAnnotation.Where(a => needed.Contains(a.TensorName))]);
        var known = graph.Output.Concat(graph.ValueInfo).Concat(graph.Input).ToArray();
        Replace(graph.Output, [.. tensors.Select(t => known.FirstOrDefault(v => v.Name == t)?.Clone() ?? new ValueInfoProto { Name = t })]);
        Replace(graph.ValueInfo, [.. graph.ValueInfo.Where(v => needed.Contains(v.Name) && !tensors.Contains(v.Name))]);
        return builder.Build();
    }

    /// <summary>What is computed from weights alone is the same for every image: no tap, and an error that shows nowhere else.</summary>
    private static void RequireDependence(OnnxModel model, IEnumerable<NodeProto> nodes, IReadOnlyList<string> tensors)
    {
        if (model.Inputs.Count == 0)
        {
            throw new OnnxException($"{model.Source}: has no input, so what it gives is the same for every image; expected the image among its inputs: export the model again");
        }

        var dependent = model.Inputs.Select(i => i.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var node in nodes.Where(node => Reads(node).Any(dependent.Contains)))
        {
            dependent.UnionWith(node.Output);
        }

        if (tensors.FirstOrDefault(t => !dependent.Contains(t)) is { } constant)
        {
            throw new OnnxException($"{model.Source}: tensor '{constant}' is computed from weights alone, the same for every image; "
                + $"expected one that depends on {string.Join(" or ", model.Inputs.Select(i => $"'{i.Name}'"))}: choose a tensor of the network's main path");
        }
    }

    /// <summary>What a node reads, also from within the subgraphs of If, Loop and Scan.</summary>
    internal static IEnumerable<string> Reads(NodeProto node) => node.Input.Concat(
        Tensors.Subgraphs(node).SelectMany(g => g.Node.SelectMany(Reads).Concat(g.Output.Select(o => o.Name)))).Where(name => name.Length > 0);

    private static void Replace<T>(Google.Protobuf.Collections.RepeatedField<T> field, IReadOnlyCollection<T> items)
    {
        field.Clear();
        field.AddRange(items);
    }
}
