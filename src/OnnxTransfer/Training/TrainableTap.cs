using OnnxTransfer.Onnx;
using OnnxTransfer.Onnx.Proto;
using OnnxTransfer.Training.Gradients;

namespace OnnxTransfer.Training;

/// <summary>
/// Where training can begin in a graph that holds operators without gradients: the first tensor through which all that is computed
/// from the inputs flows to the loss, and behind which every operator has a gradient.
/// </summary>
internal static class TrainableTap
{
    /// <summary>What can be trained although a node has no gradient, for the end of a message.</summary>
    public static string Advice(OnnxModel forward, NodeProto barrier, string loss, IReadOnlyList<string> weights)
    {
        if (Find(forward, barrier, loss) is not { } tap)
        {
            return "nor does one tensor lead on to the loss alone, with gradients all the way: train a head on the embeddings of the network as it is";
        }

        var behind = Flow(forward.Graph, [tap]);
        int trained = weights.Intersect(behind.SelectMany(node => node.Input)).Count();
        return trained == 0
            ? $"train only weights behind '{tap}'"
            : $"behind '{tap}' every operator has one: train only the {trained} of the {weights.Count} weights there (unfreeze after '{tap}')";
    }

    /// <summary>The tensor; null where there is none but the loss itself.</summary>
    /// <param name="forward">Nodes in order.</param>
    /// <param name="barrier">A node without gradient.</param>
    /// <param name="loss">What is made small.</param>
    public static string? Find(OnnxModel forward, NodeProto barrier, string loss)
    {
        var graph = forward.Graph;
        HashSet<NodeProto> wanted = [.. Needed(graph, [loss])];
        HashSet<NodeProto> before = [.. Needed(graph, barrier.Input)];
        var weights = graph.Initializer.Select(weight => weight.Name).ToHashSet(StringComparer.Ordinal);
        var read = before.Append(barrier).SelectMany(node => node.Input).ToHashSet(StringComparer.Ordinal);
        string[] sources = [.. graph.Input.Select(input => input.Name).Where(name => read.Contains(name) && !weights.Contains(name))];

        // A barrier that reads weights alone: all that matters flows out of it.
        sources = sources.Length > 0 ? sources : [.. barrier.Output];
        IEnumerable<NodeProto> candidates = [.. Flow(graph, sources).Where(wanted.Contains).Prepend(barrier)];
        return candidates.SelectMany(node => node.Output).FirstOrDefault(tensor => tensor.Length > 0 && tensor != loss
            && !Flow(graph, sources.Where(source => source != tensor), tensor).SelectMany(node => node.Output).Contains(loss)
            && Flow(graph, [tensor]).Where(wanted.Contains).All(node => node != barrier && GradientRules.Find(node) is not null));
    }

    // The nodes, in order, that tensors depend on.
    private static IEnumerable<NodeProto> Needed(GraphProto graph, IEnumerable<string> tensors)
    {
        var needed = tensors.ToHashSet(StringComparer.Ordinal);
        var nodes = new List<NodeProto>();
        foreach (var node in graph.Node.Reverse().Where(node => node.Output.Any(needed.Contains)))
        {
            nodes.Add(node);
            needed.UnionWith(node.Input);
        }

        nodes.Reverse();
        return nodes;
    }

    // The nodes, in order, that depend on sources by a way that does not lead through a tensor.
    private static List<NodeProto> Flow(GraphProto graph, IEnumerable<string> sources, string? without = null)
    {
        var reached = sources.ToHashSet(StringComparer.Ordinal);
        var nodes = new List<NodeProto>();
        foreach (var node in graph.Node.Where(node => node.Input.Any(reached.Contains)))
        {
            nodes.Add(node);
            reached.UnionWith(node.Output.Where(output => output != without && output.Length > 0));
        }

        return nodes;
    }
}
