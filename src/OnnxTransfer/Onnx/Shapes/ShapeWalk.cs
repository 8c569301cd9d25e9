using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Onnx.Shapes;

/// <summary>One pass over a graph: inputs, weights, then each node by its operator's rule.</summary>
internal sealed class ShapeWalk(OnnxModel model, InputShapes shapes)
{
    private readonly Dictionary<string, KnownTensor> _known = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _unknown = new(StringComparer.Ordinal);

    // What is said of tensors that follow from an unknown one: one text for all, however many they are.
    private readonly Dictionary<string, string> _consequence = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ValueInfoProto> _declared = new(StringComparer.Ordinal);
    private readonly HashSet<string> _withoutRule = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, KnownTensor> Known => _known;

    public IReadOnlyDictionary<string, string> Unknown => _unknown;

    public IReadOnlyCollection<string> WithoutRule => _withoutRule;

    public void Run()
    {
        foreach (var value in model.Graph.ValueInfo.Concat(model.Graph.Output))
        {
            _declared.TryAdd(value.Name, value);
        }

        foreach (var weight in model.Graph.Initializer)
        {
            Learn("weight", weight.Name, () => ConstantRules.Of(weight));
        }

        foreach (var weight in model.Graph.SparseInitializer.Where(w => w.Values is not null))
        {
            Learn("weight", weight.Values.Name, () => new KnownTensor((ElementType)weight.Values.DataType, [.. weight.Dims]));
        }

        foreach (var input in model.Inputs)
        {
            Learn("input", input.Name, () => new KnownTensor(input.ElementType, shapes.Of(input)));
        }

        foreach (var node in model.Graph.Node)
        {
            Visit(node);
        }
    }

    private void Learn(string what, string name, Func<KnownTensor> tensor)
    {
        try
        {
            _known.TryAdd(name, tensor());
        }
        catch (ShapeException e)
        {
            Give(name, $"{what} '{ShortNames.Of(name)}': {e.Message}");
        }
    }

    private void Visit(NodeProto node)
    {
        var name = node.Domain is "" or "ai.onnx" ? node.OpType : $"{node.Domain}.{node.OpType}";
        var rule = ShapeRules.Find(name);
        if (rule is null)
        {
            _withoutRule.Add(name);
        }

        var missing = Absent(node) ?? (rule is null ? $"{ShortNames.Of(node)}: no shape rule is known for this operator" : null);
        if (rule is null || missing is not null)
        {
            Explain(node, missing!, open: true);
            return;
        }

        try
        {
            var found = rule(new(node, model.Opset, [.. node.Input.Select(i => i.Length == 0 ? null : _known[i])]));
            NodeShapes.Require(node.Output.Count <= found.Length, $"has {node.Output.Count} outputs; expected at most {found.Length}");
            for (var i = 0; i < node.Output.Count; i++)
            {
                Take(node.Output[i], found[i]);
            }
        }
        catch (ShapeException e)
        {
            Explain(node, $"{ShortNames.Of(node)}: {e.Message}", e.Open);
        }
        catch (OverflowException)
        {
            Explain(node, $"{ShortNames.Of(node)}: has numbers beyond 2^63", open: false);
        }
    }

    /// <summary>Why an input of the node is unknown; null where all are known.</summary>
    private string? Absent(NodeProto node)
    {
        foreach (var input in node.Input)
        {
            if (input.Length == 0 || _known.ContainsKey(input))
            {
                continue;
            }

            if (!_unknown.TryGetValue(input, out var why))
            {
                return $"{ShortNames.Of(node)}: reads '{ShortNames.Of(input)}', which no input, weight or earlier node gives";
            }

            if (!_consequence.TryGetValue(why, out var all))
            {
                all = $"follows from '{ShortNames.Of(input)}', which is unknown: {why}";
                _consequence[why] = _consequence[all] = all;
            }

            return all;
        }

        return null;
    }

    private void Explain(NodeProto node, string reason, bool open)
    {
        foreach (var output in node.Output)
        {
            if (open && Declared(output) is { } declared)
            {
                Take(output, declared);
            }
            else
            {
                Give(output, reason);
            }
        }
    }

    private KnownTensor? Declared(string output)
    {
        if (!_declared.TryGetValue(output, out var value) || TensorInfo.From(value) is not { ElementType: not ElementType.Undefined } info)
        {
            return null;
        }

        try
        {
            return shapes.Concrete(info) is { } dims ? new(info.ElementType, dims) : null;
        }
        catch (ShapeException)
        {
            return null;
        }
    }

    private void Take(string output, KnownTensor tensor)
    {
        if (output.Length > 0 && !_unknown.ContainsKey(output))
        {
            _known.TryAdd(output, tensor);
        }
    }

    private void Give(string output, string reason)
    {
        if (output.Length > 0 && !_known.ContainsKey(output))
        {
            _unknown.TryAdd(output, reason);
        }
    }
}
