using OnnxTransfer.Onnx;
using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Heads.Tuning;

/// <summary>Where an architecture has batch norms: told from its graph, in which they may have been folded away.</summary>
internal sealed class NormPlaces
{
    private readonly Dictionary<string, NodeProto> _producers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _depths = new(StringComparer.Ordinal);
    private readonly HashSet<string> _normed = new(StringComparer.Ordinal);
    private readonly List<NodeProto> _sums = [];
    private readonly TensorShapes _shapes;
    private readonly Normalise _normalise;

    /// <param name="model">All shapes of maps should follow from its input.</param>
    /// <param name="name">Of the backbone.</param>
    /// <param name="normalise">What was asked for.</param>
    public NormPlaces(OnnxModel model, string name, Normalise normalise)
    {
        _shapes = TensorShapes.Infer(model);
        var constants = new Constants(model.Graph);
        bool isDepthwise = false;
        foreach (var node in model.Graph.Node)
        {
            string[] moving = [.. node.Input.Where(input => input.Length > 0 && constants[input] is null)];
            int depth = moving.Select(input => _depths.GetValueOrDefault(input)).DefaultIfEmpty().Max() + (node.IsStandard("Conv") ? 1 : 0);
            foreach (string output in node.Output)
            {
                (_producers[output], _depths[output]) = (node, depth);
            }

            isDepthwise |= node.IsStandard("Conv") && node.Long("group", 1) is > 1 and var groups && _shapes[node.Input[0]]?.Dimensions is [_, var channels, ..] && groups == channels;
            if (node.IsStandard("BatchNormalization"))
            {
                _normed.Add(node.Input[0]);
            }

            if (node.IsStandard("Add") && moving.Length == 2 && depth > 0)
            {
                _sums.Add(node);
            }
        }

        bool folded = _normed.Count == 0 && (_sums.Count > 0 || isDepthwise || name.EndsWith("_bn", StringComparison.Ordinal) || name.Contains("_bn-", StringComparison.Ordinal));
        _normalise = normalise != Normalise.Auto ? normalise : folded ? Normalise.Auto : Normalise.None;
    }

    /// <summary>
    /// Whether a norm is to be put behind a convolution. A folded one has left it a bias; a map of one place is that of an
    /// attention over channels, which has a bias of its own.
    /// </summary>
    public bool IsMissing(NodeProto convolution) => _normalise != Normalise.None && !_normed.Contains(convolution.Output[0])
        && (_normalise == Normalise.Batch || (convolution.Input.Count > 2 && convolution.Input[2].Length > 0))
        && _shapes[convolution.Output[0]]?.Dimensions is not [_, _, 1, 1];

    /// <summary>
    /// What the branches of residual blocks end with before they are added to their shortcuts: of the two summands the one behind
    /// more convolutions, where it is a batch norm's output or, as <see cref="IsMissing"/> says, will be.
    /// </summary>
    public IReadOnlySet<string> BranchEnds()
    {
        var ends = new HashSet<string>(StringComparer.Ordinal);
        foreach (var sum in _sums)
        {
            string[] summands = [.. sum.Input.OrderByDescending(input => _depths.GetValueOrDefault(input))];
            if (_depths.GetValueOrDefault(summands[0]) > _depths.GetValueOrDefault(summands[1]) && _producers.TryGetValue(summands[0], out var end)
                && (end.IsStandard("BatchNormalization") || (end.IsStandard("Conv") && IsMissing(end))))
            {
                ends.Add(summands[0]);
            }
        }

        return ends;
    }
}
