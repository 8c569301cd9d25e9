using OnnxTransfer.Onnx;
using OnnxTransfer.Onnx.Proto;
using OnnxTransfer.Training;

namespace OnnxTransfer.Heads.Tuning;

/// <summary>
/// Which numbers of a graph are weights: kernels, matrices, biases, scales and shifts of norms, by the operator that reads them. Statistics of
/// batch norms, numbers of an activation and constants of arithmetic are none.
/// </summary>
internal static class SuffixWeights
{
    /// <summary>
    /// Gives every weight a tensor of its own: what Constant nodes hold, and what PyTorch's exporter, where several layers hold equal numbers,
    /// passes to them through Identity, become initialisers of the same name.
    /// </summary>
    public static OnnxModel Untie(OnnxModel model)
    {
        var proto = model.Proto.Clone();
        var constants = new Constants(proto.Graph);
        foreach (var node in proto.Graph.Node.Where(node => node.OpType is "Identity" or "Constant" && node.Output.Count == 1).ToArray())
        {
            if (constants[node.Output[0]] is { } tensor && (ElementType)tensor.DataType == ElementType.Float && proto.Graph.Output.All(output => output.Name != node.Output[0]))
            {
                var own = tensor.Clone();
                own.Name = node.Output[0];
                proto.Graph.Initializer.Add(own);
                proto.Graph.Node.Remove(node);
            }
        }

        return new(proto, model.Source);
    }

    /// <summary>The weights of <paramref name="part"/>, in the order of its nodes.</summary>
    /// <param name="whole">The network.</param>
    /// <param name="part">The part of it that is trained; its nodes have their outputs' names of the whole.</param>
    /// <exception cref="TrainingException">The frozen part reads one of them too.</exception>
    public static IReadOnlyList<SuffixWeight> Of(OnnxModel whole, OnnxModel part)
    {
        var held = part.Graph.Initializer.Where(tensor => (ElementType)tensor.DataType == ElementType.Float && TensorData.Count(tensor) > 0)
            .Select(tensor => tensor.Name).ToHashSet(StringComparer.Ordinal);
        var products = part.Graph.Node.Where(node => node.IsStandard("MatMul", "Gemm", "Conv")).SelectMany(node => node.Output).ToHashSet(StringComparer.Ordinal);
        var sizes = part.Graph.Initializer.ToDictionary(tensor => tensor.Name, TensorData.Count);
        var weights = new Dictionary<string, SuffixWeight>(StringComparer.Ordinal);
        foreach (var node in part.Graph.Node)
        {
            foreach (var (name, decays) in Read(node, products, sizes).Where(weight => held.Contains(weight.Name)))
            {
                weights.TryAdd(name, new(name, decays, node.Output[0]));
            }
        }

        CheckShared(whole, part, weights);
        return [.. weights.Values];
    }

    private static IEnumerable<(string Name, bool Decays)> Read(NodeProto node, HashSet<string> products, Dictionary<string, long> sizes)
    {
        if (node.Domain is not ("" or "ai.onnx"))
        {
            return [];
        }

        return node.OpType switch
        {
            "Conv" or "ConvTranspose" => [.. node.Input.Skip(1).Select((name, i) => (name, i == 0))],
            "Gemm" => [.. node.Input.Select((name, i) => (name, i < 2))],
            "MatMul" => [.. node.Input.Select(name => (name, true))],
            "BatchNormalization" or "InstanceNormalization" or "LayerNormalization" or "GroupNormalization" => [.. node.Input.Skip(1).Take(2).Select(name => (name, false))],

            // The bias that exporters write behind a product; a single number is arithmetic, such as hard-swish's.
            "Add" when node.Input.Any(products.Contains) => [.. node.Input.Where(name => sizes.GetValueOrDefault(name) > 1).Select(name => (name, false))],
            _ => [],
        };
    }

    private static void CheckShared(OnnxModel whole, OnnxModel part, Dictionary<string, SuffixWeight> weights)
    {
        var trained = part.Graph.Node.Select(node => node.Output[0]).ToHashSet(StringComparer.Ordinal);
        foreach (var node in whole.Graph.Node.Where(node => !trained.Contains(node.Output[0])))
        {
            if (node.Input.FirstOrDefault(weights.ContainsKey) is { } shared)
            {
                throw new TrainingException(
                    $"{whole.Source}: the weight '{shared}' is read by {ShortNames.Of(node)}, which stays frozen, and in the trained part where '{weights[shared].Node}' is computed; "
                    + "trained it would differ between the two: expected no such weight; unfreeze from before the first of them on ('all' has nothing frozen), or export the network with separate weights");
            }
        }
    }
}
