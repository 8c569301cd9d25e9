using OnnxTransfer.Onnx;
using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Backbones;

/// <summary>
/// The part of a graph that an image flows through, from its input on: which node computes a tensor from which moving ones,
/// in which layout, and which tensors all of it passes. What other inputs have a part in does not belong to it.
/// </summary>
internal sealed class ImageFlow
{
    // These give shapes or flags, not numbers of the image.
    private static readonly HashSet<string> Sideways = ["Shape", "Size", "ConstantOfShape", "ArgMax", "TopK"];

    // The channels are the second dimension of what these take and give, by ONNX's definition of them.
    private static readonly HashSet<string> ChannelsSecond =
    [
        "Conv", "ConvTranspose", "MaxPool", "AveragePool", "LpPool", "GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool", "BatchNormalization",
        "InstanceNormalization", "GroupNormalization", "LRN", "SpaceToDepth", "DepthToSpace",
    ];

    private readonly Dictionary<string, NodeProto> _producers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TensorLayout?> _layouts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _consumers = new(StringComparer.Ordinal);

    public ImageFlow(OnnxModel model, string input, TensorLayout layout)
    {
        Input = input;
        var foreign = model.Inputs.Select(i => i.Name).Where(name => name != input).ToHashSet(StringComparer.Ordinal);
        _layouts[input] = layout;
        foreach (var node in model.Graph.Node)
        {
            foreach (var read in Cut.Reads(node))
            {
                _consumers[read] = _consumers.GetValueOrDefault(read) + 1;
            }

            if (Cut.Reads(node).Any(foreign.Contains))
            {
                foreign.UnionWith(node.Output);
            }
            else if (!Sideways.Contains(node.OpType) && Moving(node).Count > 0)
            {
                Nodes.Add(node);
                foreach (var output in node.Output.Where(name => name.Length > 0))
                {
                    _producers[output] = node;
                    _layouts[output] = LayoutAfter(node);
                }
            }
        }
    }

    /// <summary>Name of the image's tensor.</summary>
    public string Input { get; }

    /// <summary>The nodes the image flows through, in the order of the graph.</summary>
    public List<NodeProto> Nodes { get; } = [];

    /// <summary>The node that computes a tensor; null for the image itself and for constants.</summary>
    public NodeProto? Producer(string tensor) => _producers.GetValueOrDefault(tensor);

    /// <summary>Layout of a map; null where it cannot be told.</summary>
    public TensorLayout? Layout(string tensor) => _layouts.GetValueOrDefault(tensor);

    /// <summary>The inputs of a node that the image flows through.</summary>
    public IReadOnlyList<string> Moving(NodeProto node) => [.. node.Input.Where(_layouts.ContainsKey).Distinct()];

    /// <summary>The node that alone reads a tensor; null where none or several do.</summary>
    public NodeProto? OnlyReader(string tensor) => _consumers.GetValueOrDefault(tensor) == 1 ? Nodes.FirstOrDefault(n => n.Input.Contains(tensor)) : null;

    /// <summary>
    /// The tensors that everything passes on its way from the image to <paramref name="end"/>, in order: at these the graph
    /// falls into two parts. A tensor is one where, once it is computed, no older tensor is read any more.
    /// </summary>
    public IReadOnlyList<string> Passages(string end)
    {
        var needed = new HashSet<string>(StringComparer.Ordinal) { end };
        var nodes = new List<NodeProto>();
        foreach (var node in Nodes.AsEnumerable().Reverse().Where(node => node.Output.Any(needed.Contains)))
        {
            nodes.Add(node);
            needed.UnionWith(Moving(node));
        }

        nodes.Reverse();
        var lastReader = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < nodes.Count; i++)
        {
            foreach (var tensor in Moving(nodes[i]))
            {
                lastReader[tensor] = i;
            }
        }

        var passages = new List<string>();
        var open = new HashSet<string>(StringComparer.Ordinal) { Input };
        for (var i = 0; i < nodes.Count; i++)
        {
            open.RemoveWhere(tensor => lastReader.GetValueOrDefault(tensor, -1) <= i);
            open.UnionWith(nodes[i].Output.Where(name => name == end || lastReader.ContainsKey(name)));
            if (open.Count == 1 && nodes[i].Output.Contains(open.First()))
            {
                passages.Add(open.First());
            }
        }

        return passages;
    }

    private TensorLayout? LayoutAfter(NodeProto node)
    {
        if (ChannelsSecond.Contains(node.OpType))
        {
            return TensorLayout.Nchw;
        }

        var before = Moving(node).Select(Layout).FirstOrDefault(layout => layout is not null);
        return node.OpType switch
        {
            "Transpose" => (node.Longs("perm"), before) switch
            {
                ([0, 3, 1, 2], TensorLayout.Nhwc) => TensorLayout.Nchw,
                ([0, 2, 3, 1], TensorLayout.Nchw) => TensorLayout.Nhwc,
                ([0, 1, 2, 3], _) => before,
                _ => null,
            },
            "Reshape" or "Flatten" or "Squeeze" or "Unsqueeze" or "Gather" or "Gemm" or "Einsum" => null,
            _ => before,
        };
    }
}
