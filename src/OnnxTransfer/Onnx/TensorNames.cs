using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Onnx;

/// <summary>Renames the tensors of a graph.</summary>
public static class TensorNames
{
    /// <summary>
    /// Gives tensors new names (old name -> new name) wherever they occur: inputs, outputs, weights, inner tensors, the graphs
    /// inside nodes, declared types, quantization annotations. All at once, so that two may swap their names.
    /// </summary>
    /// <exception cref="OnnxException">An old name does not exist, or a new name is empty, taken, or given twice.</exception>
    public static OnnxModel Rename(OnnxModel model, IReadOnlyDictionary<string, string> names)
    {
        var copy = model.Proto.Clone();
        var all = new HashSet<string>(StringComparer.Ordinal);
        Visit(copy.Graph, name =>
        {
            all.Add(name);
            return name;
        });
        Check(model.Source, names, all);
        Visit(copy.Graph, name => names.GetValueOrDefault(name, name));
        return new(copy, model.Source);
    }

    private static void Check(string source, IReadOnlyDictionary<string, string> names, HashSet<string> all)
    {
        var taken = all.Except(names.Keys).ToHashSet(StringComparer.Ordinal);
        foreach (var (old, name) in names.OrderBy(n => n.Key, StringComparer.Ordinal))
        {
            if (old.Length == 0 || !all.Contains(old))
            {
                throw new OnnxException($"{source}: has no tensor '{old}' to rename; it has {NearNames.List(old, all)}");
            }

            if (name.Length == 0)
            {
                throw new OnnxException($"{source}: tensor '{old}' would get an empty name, which in ONNX means that there is none; choose a name");
            }

            if (!taken.Add(name))
            {
                throw new OnnxException($"{source}: tensor '{old}' would be named '{name}', as another tensor is; choose another name");
            }
        }
    }

    /// <summary>Puts what <paramref name="rename"/> makes of it in the place of every tensor name.</summary>
    private static void Visit(GraphProto graph, Func<string, string> rename)
    {
        foreach (var value in graph.Input.Concat(graph.Output).Concat(graph.ValueInfo))
        {
            value.Name = rename(value.Name);
        }

        foreach (var tensor in graph.Initializer.Concat(graph.SparseInitializer.Select(s => s.Values).OfType<TensorProto>()))
        {
            tensor.Name = rename(tensor.Name);
        }

        foreach (var annotation in graph.QuantizationAnnotation)
        {
            annotation.TensorName = rename(annotation.TensorName);
            foreach (var parameter in annotation.QuantParameterTensorNames)
            {
                parameter.Value = rename(parameter.Value);
            }
        }

        foreach (var node in graph.Node)
        {
            Visit(node.Input, rename);
            Visit(node.Output, rename);
            foreach (var inner in Tensors.Subgraphs(node))
            {
                Visit(inner, rename);
            }
        }
    }

    /// <summary>An empty name stands for an input or output left out.</summary>
    private static void Visit(IList<string> tensors, Func<string, string> rename)
    {
        for (var i = 0; i < tensors.Count; i++)
        {
            tensors[i] = tensors[i].Length == 0 ? "" : rename(tensors[i]);
        }
    }
}
