using OnnxTransfer.Onnx;

namespace OnnxTransfer.Backbones;

/// <summary>
/// Finds where a network can be tapped: the last map at each resolution, the vectors between them and the classifier, the
/// logits.
/// </summary>
internal sealed class TapProposal
{
    private static readonly HashSet<string> Joins = ["Add", "Sum", "Concat"];
    private static readonly HashSet<string> Activations = ["Relu", "Clip", "LeakyRelu", "PRelu", "Elu", "Selu", "HardSwish", "Mish", "Gelu", "Softplus"];
    private static readonly HashSet<string> NoPlaceToTap = ["Pad", "Transpose", "Reshape", "Cast", "Identity", "Dropout", "Squeeze", "Unsqueeze"];
    private static readonly HashSet<string> Weighted = ["Gemm", "MatMul", "Conv"];

    private readonly ImageFlow _flow;
    private readonly TensorShapes _shapes;
    private readonly TensorLayout _inputLayout;
    private readonly List<(string Tensor, string Otherwise)> _found = [];

    private TapProposal(ImageFlow flow, TensorShapes shapes, TensorLayout inputLayout) => (_flow, _shapes, _inputLayout) = (flow, shapes, inputLayout);

    /// <summary>The taps, first layers first.</summary>
    public IReadOnlyList<TapDescription> Taps { get; private set; } = [];

    /// <summary>Name of the tap that the classifier sees; null where it has no shape.</summary>
    public string? Embedding { get; private set; }

    /// <summary>How the network ends.</summary>
    public GraphEnding Ending { get; private set; } = new("", null, null, false);

    /// <param name="model">The graph.</param>
    /// <param name="flow">What the image flows through in it.</param>
    /// <param name="shapes">The shapes of its tensors, for any batch.</param>
    /// <param name="inputLayout">The layout that taps need not say.</param>
    public static TapProposal Of(OnnxModel model, ImageFlow flow, TensorShapes shapes, TensorLayout inputLayout)
    {
        var proposal = new TapProposal(flow, shapes, inputLayout);
        proposal.Search(model);
        return proposal;
    }

    /// <summary>A tap at any tensor, pooled by average where it is a map unless asked otherwise; null where it has no known shape.</summary>
    public TapDescription? Tap(string name, string tensor, TapPooling? pooling = null)
    {
        if ((Shape(tensor) ?? Tokens(tensor)) is not { } shape)
        {
            return null;
        }

        var how = pooling ?? (shape.Length == 3 ? TapPooling.Average : TapPooling.None);
        var layout = shape.Length == 3 && _flow.Layout(tensor) is { } own && own != _inputLayout ? own : (TensorLayout?)null;
        return new(name, tensor, shape, how, how.WidthOf(shape), layout);
    }

    private void Search(OnnxModel model)
    {
        var outputs = model.Outputs.Select(o => o.Name).Where(name => _flow.Producer(name) is not null).ToArray();
        var order = _flow.Nodes.SelectMany(n => n.Output).Where(name => name.Length > 0).Select((name, i) => (name, i)).ToDictionary(p => p.name, p => p.i, StringComparer.Ordinal);
        var last = outputs.Length > 0 ? outputs.MaxBy(name => order[name])! : _flow.Nodes[^1].Output[0];
        Ending = GraphEnding.Find(model, _flow, last, tensor => (int)Math.Min(int.MaxValue, Item(tensor).Aggregate(1L, (a, b) => a * b)));
        var passages = _flow.Passages(last);
        FindStages([.. passages.Where(tensor => order[tensor] <= order.GetValueOrDefault(Ending.Seen, -1))]);
        FindVectors([.. passages.Where(tensor => order[tensor] <= order.GetValueOrDefault(Ending.Seen, -1))]);
        foreach (var output in outputs.Where(name => name != last && name != Ending.Logits))
        {
            _found.Add((output, "output"));
        }

        if (Ending.Logits is { } logits)
        {
            _found.Add((logits, "logits"));
        }

        var naming = new TapNaming(_found.Select(f => f.Tensor));
        var ordered = _found.DistinctBy(f => f.Tensor).OrderBy(f => order.GetValueOrDefault(f.Tensor, -1));
        Taps = [.. ordered.Where(f => Tap("", f.Tensor) is not null).Select(f => Tap(naming.Name(f.Tensor, f.Otherwise), f.Tensor)!)];
        Embedding = Taps.FirstOrDefault(t => t.Tensor == Ending.Seen)?.Name;
    }

    /// <summary>
    /// The last map at each resolution, up to what the classifier sees. Where blocks of the resolution end in a join (a
    /// residual Add, a Concat), the last join with its activation, which the next block's first layers do not belong to.
    /// A resolution ends where the places become half as many or fewer.
    /// </summary>
    private void FindStages(string[] passages)
    {
        var stages = new List<(long Places, string Tensor, bool Joined)>();
        var convolved = false;
        foreach (var tensor in passages)
        {
            var node = _flow.Producer(tensor)!;
            convolved |= node.OpType == "Conv";
            if (!convolved || NoPlaceToTap.Contains(node.OpType) || Shape(tensor) is not [_, var height, var width])
            {
                continue;
            }

            var places = (long)height * width;
            var joined = Joins.Contains(node.OpType) && _flow.Moving(node).Count > 1;
            if (stages is not [.., var current] || places * 2 <= current.Places)
            {
                stages.Add((places, tensor, joined));
            }
            else if (joined || !current.Joined || (Activations.Contains(node.OpType) && node.Input[0] == current.Tensor && _flow.OnlyReader(current.Tensor) is not null))
            {
                stages[^1] = (current.Places, tensor, joined || current.Joined);
            }
        }

        // A stem, where later stages are made of blocks and it is not.
        var stem = stages.Count > 1 && !stages[0].Joined && stages.Skip(1).Any(s => s.Joined) ? 1 : 0;
        _found.AddRange(stages.Select((stage, i) => (stage.Tensor, i < stem ? "stem" : $"stage{i + 1 - stem}")));
    }

    /// <summary>The vectors after global pooling and after each further layer with weights, each with its activation.</summary>
    private void FindVectors(string[] passages)
    {
        var layers = new List<(string Tensor, string Otherwise)>();
        foreach (var tensor in passages.Where(tensor => Shape(tensor) is [_]))
        {
            var node = _flow.Producer(tensor)!;
            var before = _flow.Moving(node) is [var from] ? Shape(from) : null;
            if (before is [var channels, _, _])
            {
                // Pooled: as wide as the map has channels. Flattened: the map itself, which is tapped already.
                layers.Clear();
                layers.Add((tensor, Shape(tensor)![0] == channels && node.OpType is not ("Gemm" or "MatMul" or "Conv") ? "avgpool" : "flatten"));
            }
            else if (Weighted.Contains(node.OpType) || layers.Count == 0)
            {
                layers.Add((tensor, "dense"));
            }
            else
            {
                layers[^1] = (tensor, layers[^1].Otherwise);
            }
        }

        for (var i = 0; i < layers.Count; i++)
        {
            var (tensor, otherwise) = layers[i];
            var isSeen = i == layers.Count - 1;
            if (isSeen)
            {
                _found.Add((Ending.Seen, otherwise == "avgpool" ? otherwise : Ending.Logits is null ? "features" : "penultimate"));
            }
            else if (otherwise != "flatten")
            {
                _found.Add((tensor, otherwise == "dense" ? $"dense{i}" : otherwise));
            }
        }

        if (layers.Count == 0)
        {
            _found.Add((Ending.Seen, "features"));
        }
    }

    /// <summary>[C, H, W] of a map, [D] of what has but one dimension above 1; null where it is unknown or neither.</summary>
    private int[]? Shape(string tensor)
    {
        var item = Item(tensor);
        if (item.Length == 0 || item.Any(d => d <= 0) || item.Aggregate(1L, (a, b) => a * b) > int.MaxValue)
        {
            return null;
        }

        int[] dims = [.. item.Select(d => (int)d)];
        return dims.Count(d => d > 1) <= 1 ? [dims.Aggregate(1, (a, b) => a * b)]
            : dims.Length == 3 && _flow.Layout(tensor) is { } layout ? (layout == TensorLayout.Nchw ? dims : [dims[2], dims[0], dims[1]])
            : null;
    }

    /// <summary>[T C] of the [T, C] that transformers have: as they are, one after the other.</summary>
    private int[]? Tokens(string tensor) => Item(tensor) is [ > 0 and var count, > 0 and var width] && count * width <= int.MaxValue ? [(int)(count * width)] : null;

    /// <summary>The dimensions after the batch; none where the first is not the batch.</summary>
    private long[] Item(string tensor) => _shapes[tensor] is { ElementType: ElementType.Float or ElementType.Float16 or ElementType.Double } type
        && type.Dimensions.Count > 0 && type.Dimensions[0] == _shapes[_flow.Input]?.Dimensions[0]
        ? [.. type.Dimensions.Skip(1)]
        : [];
}
