using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Onnx.Quantization;

/// <summary>
/// What of a network will compute in int8, decided before anything is calibrated: layers with constant weights, and what
/// lies between them as far as ONNX Runtime has 8-bit kernels, so that activations stay bytes from layer to layer.
/// </summary>
public sealed class Int8Plan
{
    /// <summary>Operator set whose DequantizeLinear takes a scale for each channel.</summary>
    public const int OldestOpset = 13;

    private readonly Constants _constants;
    private readonly TensorShapes _shapes;
    private readonly ChannelAffineReader _affines;
    private readonly HashSet<string> _keep;
    private readonly HashSet<string> _outputs;
    private readonly ILookup<string, int> _readers;
    // Weights may be large: each is looked at once.
    private readonly Dictionary<NodeProto, string?> _whyNot = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<string, bool> _reaches = new(StringComparer.Ordinal);
    private readonly HashSet<string> _given = new(StringComparer.Ordinal);
    private readonly List<string> _observed = [];

    private Int8Plan(OnnxModel model, IReadOnlyCollection<string> keep)
    {
        Model = model;
        _constants = new(model.Graph);
        _affines = new(_constants);
        _shapes = TensorShapes.Infer(model);
        _keep = [.. keep];
        _outputs = [.. model.Outputs.Select(o => o.Name)];
        _readers = model.Graph.Node.Index().SelectMany(n => Cut.Reads(n.Item).Select(tensor => (tensor, n.Index))).ToLookup(r => r.tensor, r => r.Index);
        Roles = new Int8Role[model.NodeCount];
        Ends = new string[model.NodeCount];
        var layers = new List<Int8Layer>();
        for (var i = 0; i < Roles.Length; i++)
        {
            var node = model.Graph.Node[i];
            if (Roles[i] == Int8Role.Stays)
            {
                Roles[i] = RoleOf(node);
                Settle(i, node);
            }

            if (Int8Layers.Multiplies(node) || ChannelAffineReader.IsBatchNorm(node))
            {
                layers.Add(new(node.Output[0], node.OpType, Roles[i] != Int8Role.Stays ? null : WhyStays(node)));
            }
        }

        Layers = layers;
    }

    /// <summary>The network: float32, batch norms folded.</summary>
    public OnnxModel Model { get; }

    /// <summary>All layers that multiply, and batch norms that could not be folded, in the graph's order.</summary>
    public IReadOnlyList<Int8Layer> Layers { get; }

    /// <summary>The float32 tensors whose ranges <see cref="Int8Precision.Convert"/> needs.</summary>
    public IReadOnlyList<string> Observed => _observed;

    /// <summary>Further operators that compute in float32, and how often.</summary>
    public IReadOnlyDictionary<string, int> Others => Model.Graph.Node.Where((node, i) => Roles[i] == Int8Role.Stays && node.OpType is not ("Constant" or "Identity")
            && !Int8Layers.Multiplies(node) && !ChannelAffineReader.IsBatchNorm(node))
        .CountBy(node => node.OpType).ToDictionary(StringComparer.Ordinal);

    /// <summary>What becomes of node i.</summary>
    internal Int8Role[] Roles { get; }

    /// <summary>The tensor in which node i's bytes end, behind a rectifier that they do the work of.</summary>
    internal string[] Ends { get; }

    /// <summary>
    /// Plans a network whose outputs are its taps. Layers named in <paramref name="keep"/>, by the tensor they give, stay in
    /// float32.
    /// </summary>
    /// <exception cref="OnnxException">It is quantised already, of an old operator set, holds nothing to quantise, or a layer to keep does not exist.</exception>
    public static Int8Plan Of(OnnxModel model, params IReadOnlyCollection<string> keep)
    {
        if (model.Graph.Node.FirstOrDefault(n => n.OpType is "QuantizeLinear" or "DequantizeLinear" or "DynamicQuantizeLinear" or "ConvInteger" or "MatMulInteger"
            || n.OpType.StartsWith("QLinear", StringComparison.Ordinal)) is { } quantised)
        {
            throw new OnnxException($"{model.Source}: is quantised already, as {ShortNames.Of(quantised)} shows; expected a float32 network: quantise the one it was made of");
        }

        if (model.Opset < OldestOpset)
        {
            throw new OnnxException($"{model.Source}: uses operator set {model.Opset}; int8 weights with a scale for each channel need {OldestOpset}: "
                + $"convert it with onnx.version_converter.convert_version(model, {OldestOpset}), or export it again");
        }

        var plan = new Int8Plan(model, keep);
        if (keep.FirstOrDefault(name => plan.Layers.All(layer => layer.Name != name)) is { } unknown)
        {
            throw new OnnxException($"{model.Source}: has no layer '{unknown}' to keep in float32; its layers give {NearNames.List(unknown, plan.Layers.Select(l => l.Name))}");
        }

        if (!plan.Roles.Contains(Int8Role.Layer))
        {
            var found = plan.Layers.Count == 0 ? "no Conv, Gemm or MatMul" : string.Join("; ", plan.Layers.Take(3).Select(l => $"'{l.Name}' ({l.Operator}): {l.Stays}"));
            throw new OnnxException($"{model.Source}: has nothing that could compute in int8 ({found}); expected a layer with constant float32 weights that is not kept: stay with float32");
        }

        return plan;
    }

    /// <summary>Whether a tensor is given as bytes.</summary>
    internal bool IsGiven(string tensor) => _given.Contains(tensor);

    /// <summary>What a batch norm that becomes a layer does to each channel.</summary>
    internal ChannelAffine? AffineOf(NodeProto node) => _shapes[node.Input[0]]?.Dimensions is [_, var channels, _, _]
        && _affines.Read(node, node.Input[0], ElementType.Float, (int)channels, rank: 4) is { IsFinite: true } affine ? affine : null;

    private string WhyStays(NodeProto node) => _keep.Contains(node.Output[0]) ? "kept"
        : !Int8Layers.Multiplies(node) ? "it is not between int8 layers"
        : WhyNot(node)!;

    private bool IsLayer(NodeProto node) => Int8Layers.Multiplies(node) && !_keep.Contains(node.Output[0]) && WhyNot(node) is null;

    private string? WhyNot(NodeProto node)
    {
        if (!_whyNot.TryGetValue(node, out var why))
        {
            _whyNot[node] = why = Int8Layers.WhyNot(node, _constants);
        }

        return why;
    }

    private Int8Role RoleOf(NodeProto node)
    {
        var given = node.Input.Count > 0 && _given.Contains(node.Input[0]);
        return IsLayer(node) ? Int8Role.Layer
            : ChannelAffineReader.IsBatchNorm(node) ? (given && !_keep.Contains(node.Output[0]) && Reaches(node.Output[0]) && AffineOf(node) is not null ? Int8Role.BatchNorm : Int8Role.Stays)
            : node.IsStandard("Add") ? (node.Input.Any(_given.Contains) && node.Input.All(name => _constants[name] is null) ? Int8Role.Join : Int8Role.Stays)
            : node.IsStandard("Concat") ? (node.Input.All(_given.Contains) ? Int8Role.Join : Int8Role.Stays)
            : node.IsStandard("AveragePool", "GlobalAveragePool") ? (given && Reaches(node.Output[0]) ? Int8Role.Join : Int8Role.Stays)
            : given && Int8Layers.Moves(node, _constants) && !_outputs.Contains(node.Output[0]) ? Int8Role.Move
            : Int8Role.Stays;
    }

    /// <summary>Notes what node i reads and gives as bytes.</summary>
    private void Settle(int i, NodeProto node)
    {
        Ends[i] = node.Output[0];
        if (Roles[i] is Int8Role.Layer or Int8Role.BatchNorm or Int8Role.Join)
        {
            foreach (var input in Roles[i] == Int8Role.Join ? node.Input : node.Input.Take(1))
            {
                Observe(input);
            }

            // Matrix products may also give float32, which a last layer's reader wants; convolutions give bytes alone.
            if (!node.IsStandard("Gemm", "MatMul") || Reaches(node.Output[0]))
            {
                Ends[i] = BehindRectifiers(node.Output[0]);
                _given.Add(Ends[i]);
                Observe(Ends[i]);
            }
        }
        else if (Roles[i] == Int8Role.Move)
        {
            // Observed too, though its steps are its input's: with other layers kept, float32 may give it.
            _given.Add(Ends[i]);
            Observe(Ends[i]);
        }
    }

    private void Observe(string tensor)
    {
        if (!_observed.Contains(tensor))
        {
            _observed.Add(tensor);
        }
    }

    private string BehindRectifiers(string tensor)
    {
        while (!_outputs.Contains(tensor) && _readers[tensor].Count() == 1 && _readers[tensor].First() is var reader
            && Int8Layers.IsRectifier(Model.Graph.Node[reader], _constants) && Model.Graph.Node[reader].Input[0] == tensor)
        {
            Roles[reader] = Int8Role.Absorbed;
            tensor = Model.Graph.Node[reader].Output[0];
        }

        return tensor;
    }

    /// <summary>Whether a layer reads the tensor, straight or through nodes that work on bytes.</summary>
    private bool Reaches(string tensor)
    {
        if (!_reaches.TryGetValue(tensor, out var reaches))
        {
            _reaches[tensor] = reaches = _readers[tensor].Select(i => Model.Graph.Node[i]).Any(reader => IsLayer(reader) || (PassesOn(reader) && Reaches(reader.Output[0])));
        }

        return reaches;
    }

    private bool PassesOn(NodeProto node) => Int8Layers.Moves(node, _constants) || Int8Layers.IsRectifier(node, _constants)
        || ChannelAffineReader.IsBatchNorm(node) || node.IsStandard("Add", "Concat", "AveragePool", "GlobalAveragePool");
}
