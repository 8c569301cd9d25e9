using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Onnx;

/// <summary>
/// What must hold of a graph before anything is done with it: every tensor given once and by someone, no cycle, weights
/// that fill their dimensions, an operator set this library knows. Everything in linear time; calls nest as deep as the
/// subgraphs do, which protobuf bounds (100 messages), never as long as the graph is.
/// </summary>
internal static class GraphCheck
{
    /// <summary>The cure for an operator set too old, with the number it stands at.</summary>
    public static string TooOld(string source, int opset) => $"{source}: uses operator set {opset}; expected {GraphBuilder.OldestOpset} or newer: "
        + "convert it with onnx.version_converter.convert_version(model, 13)";

    /// <summary>Refuses what could not be run, and puts the nodes in order where they are not.</summary>
    /// <exception cref="OnnxException">The message says what does not hold, where, and the cure.</exception>
    public static void Verify(ModelProto proto, string source)
    {
        var opset = proto.OpsetImport.FirstOrDefault(o => o.Domain is "" or "ai.onnx")
            ?? throw new OnnxException($"{source}: states no version of ONNX's own operator set, only of "
                + $"{string.Join(", ", proto.OpsetImport.Select(o => $"'{ShortNames.Of(o.Domain)}'"))}; expected {GraphBuilder.OldestOpset} or newer: export it again");
        if (opset.Version < GraphBuilder.OldestOpset)
        {
            throw new OnnxException(TooOld(source, (int)Math.Max(opset.Version, 0)));
        }

        foreach (var (tensor, where) in Tensors.All(proto.Graph))
        {
            TensorCheck.Verify(tensor, $"{source}: {where}");
        }

        var graph = proto.Graph;
        foreach (var value in graph.Input.Concat(graph.Output))
        {
            CheckSize(value, source);
        }

        foreach (var (tensor, reader) in Check(graph, source))
        {
            throw new OnnxException(reader is null
                ? $"{source}: output '{ShortNames.Of(tensor)}' is given by no node, input or initialiser; expected each output among them: export the model again"
                : $"{source}: {ShortNames.Of(reader)} reads tensor '{ShortNames.Of(tensor)}', which no node, input or initialiser gives; "
                    + "expected all weights in the file: export the model again with its weights");
        }

        if (graph.Output.GroupBy(o => o.Name).FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            throw new OnnxException($"{source}: has two outputs '{ShortNames.Of(twice.Key)}'; expected one of each name: export the model again");
        }
    }

    /// <summary>Checks one graph and those within it; what it reads from around it, with a reader of each (null: it is an output).</summary>
    private static Dictionary<string, NodeProto?> Check(GraphProto graph, string source)
    {
        var givers = Givers(graph, source);
        var outer = new Dictionary<string, NodeProto?>(StringComparer.Ordinal);
        var needs = new List<int>[graph.Node.Count];
        for (var i = 0; i < needs.Length; i++)
        {
            var node = graph.Node[i];
            needs[i] = [];
            foreach (var (tensor, reader) in Reads(node, source))
            {
                if (!givers.TryGetValue(tensor, out var giver))
                {
                    outer.TryAdd(tensor, reader);
                }
                else if (giver >= 0)
                {
                    needs[i].Add(giver);
                }
            }
        }

        NodeOrder.Sort(graph, needs, source);
        foreach (var output in graph.Output.Where(o => !givers.ContainsKey(o.Name)))
        {
            outer.TryAdd(output.Name, null);
        }

        return outer;
    }

    private static IEnumerable<(string Tensor, NodeProto? Reader)> Reads(NodeProto node, string source)
    {
        foreach (var input in node.Input.Where(name => name.Length > 0))
        {
            yield return (input, node);
        }

        foreach (var inner in Tensors.Subgraphs(node))
        {
            foreach (var (tensor, reader) in Check(inner, source))
            {
                yield return (tensor, reader ?? node);
            }
        }
    }

    /// <summary>Who gives each tensor: the number of a node, or -1 for an input or weight.</summary>
    private static Dictionary<string, int> Givers(GraphProto graph, string source)
    {
        var givers = new Dictionary<string, int>(StringComparer.Ordinal);
        var weights = graph.Initializer.Select(t => t.Name).Concat(graph.SparseInitializer.Select(t => t.Values?.Name ?? ""));
        foreach (var name in weights.Where(name => !givers.TryAdd(name, -1)))
        {
            throw new OnnxException($"{source}: has two initialisers '{ShortNames.Of(name)}'; expected one of each name: export the model again");
        }

        var inputs = new HashSet<string>(StringComparer.Ordinal);
        foreach (var input in graph.Input)
        {
            givers.TryAdd(input.Name, -1);
            if (!inputs.Add(input.Name))
            {
                throw new OnnxException($"{source}: has two inputs '{ShortNames.Of(input.Name)}'; expected one of each name: export the model again");
            }
        }

        for (var i = 0; i < graph.Node.Count; i++)
        {
            if (graph.Node[i].Output.All(name => name.Length == 0))
            {
                throw new OnnxException($"{source}: {ShortNames.Of(graph.Node[i])} gives nothing; expected at least one output of each node: export the model again");
            }

            foreach (var output in graph.Node[i].Output.Where(name => name.Length > 0 && !givers.TryAdd(name, i)))
            {
                var first = givers[output] < 0 ? "an input or initialiser" : ShortNames.Of(graph.Node[givers[output]]);
                throw new OnnxException($"{source}: tensor '{ShortNames.Of(output)}' is given twice, by {first} and by {ShortNames.Of(graph.Node[i])}; "
                    + "expected one giver of each tensor: export the model again");
            }
        }

        return givers;
    }

    /// <summary>What is fed or comes out must be addressable: at most 2^31 - 1 elements per image.</summary>
    private static void CheckSize(ValueInfoProto value, string source)
    {
        var size = 1L;
        foreach (var dim in (TensorInfo.From(value).Dimensions ?? []).Where(d => d > 0))
        {
            size = dim > int.MaxValue ? long.MaxValue : size * dim;
            if (size > int.MaxValue)
            {
                throw new OnnxException($"{source}: {ShortNames.Of(TensorInfo.From(value).ToString())} has more than {int.MaxValue} elements per image; "
                    + "expected the size of an image or its embedding: export the model again");
            }
        }
    }
}
