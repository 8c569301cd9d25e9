using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Onnx;

/// <summary>Who gives and who reads the tensors of a graph while nodes are folded into the layers beside them.</summary>
internal sealed class FoldableGraph
{
    private readonly Dictionary<string, NodeProto> _giver = new(StringComparer.Ordinal);
    private readonly Dictionary<string, NodeProto> _reader = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _reads = new(StringComparer.Ordinal);

    // Nodes are equal where their contents are: told apart by reference.
    private readonly Dictionary<NodeProto, LinearLayer> _layers = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<NodeProto> _gone = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<LinearLayer> _changed = [];

    public FoldableGraph(GraphProto graph, Constants constants)
    {
        foreach (var node in graph.Node)
        {
            if (LinearLayer.Of(node, constants) is { } layer)
            {
                _layers.Add(node, layer);
            }

            foreach (var output in node.Output)
            {
                _giver[output] = node;
            }

            foreach (var input in Cut.Reads(node))
            {
                _reader[input] = node;
                _reads[input] = _reads.GetValueOrDefault(input) + 1;
            }
        }

        foreach (var output in graph.Output)
        {
            _reads[output.Name] = _reads.GetValueOrDefault(output.Name) + 1;
        }
    }

    /// <summary>Layers that took something.</summary>
    public IReadOnlyCollection<LinearLayer> Changed => _changed;

    /// <summary>Whether a node has not been folded away.</summary>
    public bool Has(NodeProto node) => !_gone.Contains(node);

    /// <summary>Whether one node, or the world outside, reads the tensor, once.</summary>
    public bool ReadOnce(string tensor) => _reads.GetValueOrDefault(tensor) == 1;

    /// <summary>The layer whose output the tensor is.</summary>
    public LinearLayer? LayerGiving(string tensor) => _giver.TryGetValue(tensor, out var node) ? _layers.GetValueOrDefault(node) : null;

    /// <summary>The layer whose input, not weights, the tensor is.</summary>
    public LinearLayer? LayerReading(string tensor) =>
        _reader.TryGetValue(tensor, out var node) && node.Input[0] == tensor ? _layers.GetValueOrDefault(node) : null;

    /// <summary>Drops a node behind the layer that gives <paramref name="x"/>: the layer gives the node's output now.</summary>
    public void JoinAbove(NodeProto node, string x, LinearLayer layer)
    {
        var giver = _giver[x];
        giver.Output[0] = node.Output[0];
        _giver[node.Output[0]] = giver;
        Drop(node, layer);
    }

    /// <summary>Drops a node before the layer that alone reads it: the layer reads the node's input now.</summary>
    public void JoinBelow(NodeProto node, LinearLayer layer)
    {
        var reader = _reader[node.Output[0]];
        reader.Input[0] = node.Input[0];
        _reader[node.Input[0]] = reader;
        Drop(node, layer);
    }

    private void Drop(NodeProto node, LinearLayer layer)
    {
        _gone.Add(node);
        _changed.Add(layer);
    }
}
