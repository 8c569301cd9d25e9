using System.Runtime.InteropServices;
using Google.Protobuf;
using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Onnx;

/// <summary>
/// Adds nodes to a copy of a model, or to an empty graph. Names of inner tensors are hints, made unique where taken: the
/// real name is returned.
/// </summary>
internal sealed class GraphBuilder
{
    /// <summary>Oldest operator set whose Add, Mul and Gemm broadcast as today.</summary>
    public const int OldestOpset = 7;

    private readonly ModelProto _proto;
    private readonly string _source;
    private readonly HashSet<string> _names;
    private readonly HashSet<string> _nodeNames;
    private readonly List<NodeProto> _added = [];

    private GraphBuilder(ModelProto proto, string source)
    {
        _proto = proto;
        _source = source;
        _names = [.. Graph.Input.Select(i => i.Name), .. Graph.Initializer.Select(t => t.Name), .. Graph.Node.SelectMany(n => n.Output)];
        _nodeNames = [.. Graph.Node.Select(n => n.Name)];
    }

    public int Opset { get; private set; }

    public GraphProto Graph => _proto.Graph;

    /// <summary>A builder over a copy of <paramref name="model"/>; the weights themselves are shared.</summary>
    public static GraphBuilder Over(OnnxModel model)
    {
        if (model.Opset is < OldestOpset)
        {
            throw new OnnxException(GraphCheck.TooOld(model.Source, model.Opset));
        }

        var copy = model.Proto.Clone();
        var builder = new GraphBuilder(copy, model.Source) { Opset = model.Opset };
        builder.ListWeightsNowhereElse();
        return builder;
    }

    /// <summary>A graph with nothing in it.</summary>
    public static GraphBuilder Empty(int opset = 13, string name = "graph")
    {
        var proto = new ModelProto { IrVersion = 7, ProducerName = "OnnxTransfer", Graph = new GraphProto { Name = name } };
        proto.OpsetImport.Add(new OperatorSetIdProto { Domain = "", Version = opset });
        return new GraphBuilder(proto, name) { Opset = opset };
    }

    /// <summary>A new graph input; a dimension is a number or, below zero, the symbolic batch N.</summary>
    public string Input(string name, ElementType type, params long[] dims)
    {
        Take(name);
        Graph.Input.Add(Value(name, type, dims));
        return name;
    }

    /// <summary>Removes an input, so that a node can compute what was fed.</summary>
    public void RemoveInput(string name)
    {
        Graph.Input.Remove(Graph.Input.Single(i => i.Name == name));
        _names.Remove(name);
    }

    /// <summary>Makes an input of a weight, so that it can be fed; returns what it held.</summary>
    public TensorProto FeedWeight(string name)
    {
        var weight = Graph.Initializer.FirstOrDefault(t => t.Name == name) ?? throw new OnnxException(
            $"{_source}: has no weight '{name}'; its weights are {NearNames.List(name, Graph.Initializer.Select(t => t.Name))}");
        Graph.Initializer.Remove(weight);
        Graph.Input.Add(Value(name, (ElementType)weight.DataType, [.. weight.Dims]));
        return weight;
    }

    public string Floats(string hint, ReadOnlySpan<float> values, params long[] dims) =>
        Constant(hint, ElementType.Float, MemoryMarshal.AsBytes(values), dims);

    public string Longs(string hint, ReadOnlySpan<long> values, params long[] dims) =>
        Constant(hint, ElementType.Int64, MemoryMarshal.AsBytes(values), dims);

    /// <summary>Numbers rounded to float16, float or double; what lies beyond the largest half becomes the largest half.</summary>
    public string Reals(string hint, ElementType type, ReadOnlySpan<double> values, params long[] dims)
    {
        switch (type)
        {
            case ElementType.Double:
                return Constant(hint, type, MemoryMarshal.AsBytes(values), dims);
            case ElementType.Float:
                var floats = new float[values.Length];
                for (var i = 0; i < values.Length; i++)
                {
                    floats[i] = (float)values[i];
                }

                return Floats(hint, floats, dims);
            case ElementType.Float16:
                var halves = new Half[values.Length];
                for (var i = 0; i < values.Length; i++)
                {
                    halves[i] = double.IsInfinity(values[i]) ? (Half)values[i] : (Half)Math.Clamp(values[i], -65504, 65504);
                }

                return Constant(hint, type, MemoryMarshal.AsBytes<Half>(halves), dims);
            default:
                throw new ArgumentException($"no real numbers are kept as {type}", nameof(type));
        }
    }

    /// <summary>Adds a node with one output and returns that output's name.</summary>
    public string Node(string operation, string[] inputs, string hint, params (string Name, object Value)[] attributes) =>
        NodeInto(Free(hint), operation, inputs, attributes);

    /// <summary>Adds a node that computes <paramref name="output"/>, a name that must not be taken yet.</summary>
    public string NodeInto(string output, string operation, string[] inputs, params (string Name, object Value)[] attributes)
    {
        Take(output);
        var node = new NodeProto { OpType = operation, Name = Free(output, _nodeNames) };
        _nodeNames.Add(node.Name);
        node.Input.AddRange(inputs);
        node.Output.Add(output);
        node.Attribute.AddRange(attributes.Select(a => Attribute(a.Name, a.Value)));
        _added.Add(node);
        return output;
    }

    /// <summary>What ReduceMean or ReduceL2 along one axis, kept as 1, read and say: the axis is an input from operator set 18 on, an attribute before.</summary>
    public (string[] Inputs, (string Name, object Value)[] Attributes) Along(long axis, string tensor) => Opset >= 18
        ? ([tensor, Longs($"{tensor}_axis", [axis], 1)], [("keepdims", 1)])
        : ([tensor], [("axes", new[] { axis }), ("keepdims", 1)]);

    /// <summary>Declares an output; with no dimensions given, only its name and type.</summary>
    public void Output(string name, ElementType type = ElementType.Float, params long[] dims) => Graph.Output.Add(Value(name, type, dims));

    /// <summary>Dimensions that inputs, outputs or value infos declare for a tensor; null where none do.</summary>
    public IReadOnlyList<long>? Dimensions(string tensor) => Graph.Output.Concat(Graph.ValueInfo).Concat(Graph.Input)
        .Where(v => v.Name == tensor).Select(v => TensorInfo.From(v).Dimensions).FirstOrDefault(d => d is not null);

    /// <summary>Fails, naming the tensors there are, where nothing gives <paramref name="tensor"/>.</summary>
    public void Require(string tensor)
    {
        if (!_names.Contains(tensor))
        {
            var candidates = Graph.Node.SelectMany(n => n.Output).Concat(Graph.Input.Select(i => i.Name)).Where(n => n.Length > 0);
            throw new OnnxException($"{_source}: has no tensor '{tensor}'; it has {NearNames.List(tensor, candidates)}");
        }
    }

    /// <summary>Takes the old nodes out, to be put back one by one, in order, among new ones.</summary>
    public NodeProto[] TakeNodes()
    {
        NodeProto[] nodes = [.. Graph.Node];
        Graph.Node.Clear();
        return nodes;
    }

    /// <summary>A free name, kept for a tensor that a node put in gives.</summary>
    public string Reserve(string hint)
    {
        var name = Free(hint);
        _names.Add(name);
        return name;
    }

    /// <summary>Puts a node that was taken out behind all that were put or added.</summary>
    public void Put(NodeProto node) => _added.Add(node);

    /// <summary>Puts a node of another graph behind all that were put or added, under a node name that is free here.</summary>
    public void PutForeign(NodeProto node)
    {
        node.Name = node.Name.Length == 0 ? "" : Free(node.Name, _nodeNames);
        _nodeNames.Add(node.Name);
        _added.Add(node);
    }

    /// <summary>
    /// Has the graph be of operator set <paramref name="opset"/> at least. For 13 up to 16, between which no operator but
    /// RoiAlign means anything else than before.
    /// </summary>
    /// <exception cref="OnnxException">The graph would change its meaning.</exception>
    public void RaiseOpset(int opset)
    {
        if (Opset >= opset)
        {
            return;
        }

        if (Opset < 13 || opset > 16 || Graph.Node.Any(node => node.IsStandard("RoiAlign")))
        {
            throw new OnnxException($"{_source}: is of operator set {Opset}, and {opset} is needed: convert it with onnx.version_converter.convert_version(model, {opset})");
        }

        _proto.OpsetImport.First(set => set.Domain is "" or "ai.onnx").Version = Opset = opset;
    }

    /// <summary>Adds the operator sets that nodes put in want beside the standard one, each at the newer version of the two.</summary>
    public void Import(IEnumerable<OperatorSetIdProto> sets, long irVersion)
    {
        foreach (var set in sets.Where(set => set.Domain is not ("" or "ai.onnx")))
        {
            if (_proto.OpsetImport.FirstOrDefault(there => there.Domain == set.Domain) is { } there)
            {
                there.Version = Math.Max(there.Version, set.Version);
            }
            else
            {
                _proto.OpsetImport.Add(set.Clone());
            }
        }

        _proto.IrVersion = Math.Max(_proto.IrVersion, irVersion);
    }

    /// <summary>The finished model: new nodes come last, or first when they feed the old ones (nodes must be in order).</summary>
    public OnnxModel Build(bool newNodesFirst = false)
    {
        if (newNodesFirst)
        {
            _added.Reverse();
            _added.ForEach(node => Graph.Node.Insert(0, node));
        }
        else
        {
            Graph.Node.AddRange(_added);
        }

        _added.Clear();
        return new(_proto, _source);
    }

    /// <summary>A new weight of any type, its elements as they lie in memory.</summary>
    public string Constant(string hint, ElementType type, ReadOnlySpan<byte> values, params long[] dims)
    {
        var name = Free(hint);
        _names.Add(name);
        var tensor = new TensorProto { Name = name, DataType = (int)type, RawData = ByteString.CopyFrom(values) };
        tensor.Dims.AddRange(dims);
        Graph.Initializer.Add(tensor);
        return tensor.Name;
    }

    private string Free(string hint) => Free(hint, _names);

    private static string Free(string hint, HashSet<string> taken)
    {
        var name = hint;
        for (var i = 1; taken.Contains(name); i++)
        {
            name = $"{hint}_{i}";
        }

        return name;
    }

    private void Take(string name)
    {
        if (!_names.Add(name))
        {
            throw new OnnxException($"{_source}: already has a tensor '{name}', so none of that name can be added; choose another name");
        }
    }

    private static ValueInfoProto Value(string name, ElementType type, long[] dims)
    {
        var tensor = new TypeProto.Types.Tensor { ElemType = (int)type };
        if (dims.Length > 0)
        {
            tensor.Shape = new TensorShapeProto();
            tensor.Shape.Dim.AddRange(dims.Select(d => d < 0
                ? new TensorShapeProto.Types.Dimension { DimParam = BatchDimension.Symbol }
                : new TensorShapeProto.Types.Dimension { DimValue = d }));
        }

        return new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = tensor } };
    }

    private static AttributeProto Attribute(string name, object value)
    {
        var attribute = new AttributeProto { Name = name };
        switch (value)
        {
            case int number:
                (attribute.Type, attribute.I) = (AttributeProto.Types.AttributeType.Int, number);
                break;
            case float number:
                (attribute.Type, attribute.F) = (AttributeProto.Types.AttributeType.Float, number);
                break;
            case long[] numbers:
                attribute.Type = AttributeProto.Types.AttributeType.Ints;
                attribute.Ints.AddRange(numbers);
                break;
            case string text:
                (attribute.Type, attribute.S) = (AttributeProto.Types.AttributeType.String, ByteString.CopyFromUtf8(text));
                break;
            default:
                throw new ArgumentException($"attribute {name}: no ONNX form for a {value.GetType().Name}", nameof(value));
        }

        return attribute;
    }

    /// <summary>
    /// Before IR version 4 every weight had to be an input too; there it may be overridden and so is never folded. All
    /// weights are constants here, so none is listed as an input, which IR version 4 allows.
    /// </summary>
    private void ListWeightsNowhereElse()
    {
        var weights = Graph.Initializer.Select(t => t.Name).ToHashSet(StringComparer.Ordinal);
        var inputs = Graph.Input.Where(i => !weights.Contains(i.Name)).ToArray();
        Graph.Input.Clear();
        Graph.Input.AddRange(inputs);
        _proto.IrVersion = Math.Max(_proto.IrVersion, 4);
    }
}
