using System.Runtime.InteropServices;
using Google.Protobuf;
using Google.Protobuf.Collections;
using OnnxTransfer.Numerics;
using OnnxTransfer.Onnx;
using OnnxTransfer.Onnx.Proto;
using OnnxTransfer.Training;

namespace OnnxTransfer.Heads.Tuning;

/// <summary>
/// Gives a network fresh weights: convolutions as <see cref="Initialisation"/> says with biases 0, dense layers by
/// <see cref="FreshWeights.Linear"/>, norms 1 and 0, slopes of PReLUs 0.25. Batch norms compute in training mode, and those that
/// were folded away are put back (<see cref="Normalise"/>).
/// </summary>
internal sealed class Reinitialisation
{
    /// <summary>The attribute of a batch norm that says so.</summary>
    public const string TrainingMode = "training_mode";

    // What changes the three or four channels of a picture is no weight.
    private const int MostChannelsOfPictures = 4;

    private readonly GraphBuilder _builder;
    private readonly Constants _constants;
    private readonly NormPlaces _places;
    private readonly IReadOnlySet<string> _zeroed;
    private readonly SeededRandom _random;
    private readonly string _source;
    private readonly double _decay;
    private readonly Initialisation _drawing;
    private readonly Dictionary<TensorProto, string> _kernels = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<string> _fresh = new(StringComparer.Ordinal);

    // Of what matrix products give: the inputs that each of its numbers is a sum over.
    private readonly Dictionary<string, long> _inputs = new(StringComparer.Ordinal);
    private readonly List<Trainable> _weights = [];

    private Reinitialisation(OnnxModel model, NormPlaces places, IReadOnlySet<string> zeroed, double decay, long seed, Initialisation drawing)
    {
        (_builder, _places, _zeroed, _random, _source, _decay, _drawing) = (GraphBuilder.Over(model), places, zeroed, new SeededRandom(seed), model.Source, decay, drawing);
        _constants = new Constants(_builder.Graph);
    }

    /// <summary>Draws all weights anew; what no output needs is left out.</summary>
    /// <param name="model">float32, from one input to its outputs.</param>
    /// <param name="places">Where that graph has norms.</param>
    /// <param name="zeroLastNorm">Whether the last norm of each residual branch starts at 0, so that the block starts as its shortcut (Goyal et al. 2017).</param>
    /// <param name="decay">Weight decay of kernels and matrices.</param>
    /// <param name="seed">Decides the weights.</param>
    /// <param name="drawing">How convolutions are drawn.</param>
    /// <exception cref="FitException">A weight is read by an operator for which no rule is known, is not float32, or there is none.</exception>
    public static ReinitialisedNetwork Of(
        OnnxModel model, NormPlaces places, bool zeroLastNorm, double decay, long seed, Initialisation drawing = Initialisation.Kaiming)
    {
        var ends = zeroLastNorm ? places.BranchEnds() : new HashSet<string>();
        if (zeroLastNorm && ends.Count == 0)
        {
            throw new FitException($"{model.Source}: no residual branch ends with a batch norm, and the last norm of each was to start at 0; leave that out, or take a residual network");
        }

        var work = new Reinitialisation(model, places, ends, decay, seed, drawing);
        foreach (var node in work._builder.TakeNodes())
        {
            work.Visit(node);
        }

        return work._weights.Count > 0
            ? new(Cut.At(work._builder.Build(), [.. model.Outputs.Select(output => output.Name)]), work._weights)
            : throw new FitException($"{model.Source}: has no weights that could be trained; expected a network with convolutions or dense layers");
    }

    private void Visit(NodeProto node)
    {
        switch (node.OpType)
        {
            case "Conv" or "ConvTranspose":
                Convolution(node);
                return;
            case "BatchNormalization":
                Norm(node, Length(node, 1));
                return;
            case "InstanceNormalization" or "LayerNormalization" or "GroupNormalization":
                Train(node, 1, FreshWeights.All(Length(node, 1), 1));
                Bias(node, 2);
                break;
            case "PRelu":
                Train(node, 1, FreshWeights.All(Length(node, 1), 0.25f));
                break;
            case "Gemm":
                Matrix(node, 1, inputs: Shape(node, 1)[node.Long("transB", 0) != 0 ? 1 : 0]);
                Bias(node, 2, _inputs[node.Output[0]]);
                break;
            case "MatMul" when ConstantInput(node) is var place and >= 0:
                Matrix(node, place, inputs: place == 1 ? Shape(node, 1)[^2] : Shape(node, 0)[^1]);
                break;
            case "Add" when ConstantInput(node) is var place and >= 0 && _inputs.TryGetValue(node.Input[1 - place], out long inputs):
                Bias(node, place, inputs);
                break;
            case "Constant" or "Resize" or "Upsample":
                break;
            default:
                RefuseWeights(node);
                break;
        }

        _builder.Put(node);
    }

    private void Convolution(NodeProto node)
    {
        var shape = Shape(node, 1);
        long inputs = shape.Skip(1).Aggregate(1L, (a, b) => a * b);
        Kernel(node, 1, () => _drawing == Initialisation.Kaiming ? FreshWeights.Kaiming(shape, _random) : FreshWeights.Linear(shape[0] * inputs, inputs, _random));
        bool isNormed = node.IsStandard("Conv") && _places.IsMissing(node);
        if (!isNormed)
        {
            Bias(node, 2);
            _builder.Put(node);
            return;
        }

        // The norm gives what the convolution gave: taps keep their names.
        string output = node.Output[0];
        node.Output[0] = _builder.Reserve($"{output}_convolved");
        KeepFirst(node.Input, 2);
        _builder.Put(node);
        var norm = new NodeProto { OpType = "BatchNormalization", Name = $"{output}_norm", Output = { output } };
        norm.Input.AddRange([node.Output[0], $"{output}_scale", $"{output}_shift", $"{output}_mean", $"{output}_variance"]);
        Norm(norm, shape[0]);
    }

    private void Norm(NodeProto node, long channels)
    {
        float[] zeros = FreshWeights.All(channels, 0), ones = FreshWeights.All(channels, 1);
        foreach (var (i, values) in new[] { _zeroed.Contains(node.Output[0]) ? zeros : ones, zeros, zeros, ones }.Index())
        {
            node.Input[i + 1] = Fresh(node.Input[i + 1], values, [channels]);
        }

        _weights.AddRange([new Trainable(node.Input[1]), new Trainable(node.Input[2])]);
        var mode = new AttributeProto { Name = TrainingMode, Type = AttributeProto.Types.AttributeType.Int, I = 1 };
        var attributes = node.Attribute.Where(attribute => attribute.Name is "epsilon" or "momentum").Append(mode).ToArray();
        node.Attribute.Clear();
        node.Attribute.AddRange(attributes);
        KeepFirst(node.Output, 1);
        _builder.Put(node);
    }

    private void Matrix(NodeProto node, int place, long inputs)
    {
        Kernel(node, place, () => FreshWeights.Linear(Length(node, place), inputs, _random));
        _inputs[node.Output[0]] = inputs;
    }

    // Several nodes may share one.
    private void Kernel(NodeProto node, int place, Func<float[]> draw)
    {
        var tensor = Weight(node, place);
        if (!_kernels.TryGetValue(tensor, out string? name))
        {
            name = _kernels[tensor] = Fresh(node.Input[place], draw(), tensor.Dims);
            _weights.Add(new Trainable(name, _decay));
        }

        node.Input[place] = name;
    }

    // Of a layer of so many inputs; of a convolution or norm, 0: zeros.
    private void Bias(NodeProto node, int place, long inputs = 0)
    {
        if (node.Input.Count > place && node.Input[place].Length > 0)
        {
            long length = Length(node, place);
            Train(node, place, inputs > 0 ? FreshWeights.Linear(length, inputs, _random) : FreshWeights.All(length, 0));
        }
    }

    private void Train(NodeProto node, int place, float[] values)
    {
        node.Input[place] = Fresh(node.Input[place], values, Shape(node, place));
        _weights.Add(new Trainable(node.Input[place]));
    }

    // Under the old name where that is no other weight's by now: an exporter lets norms share numbers that happen to be equal.
    private string Fresh(string name, float[] values, IEnumerable<long> shape)
    {
        if (_builder.Graph.Initializer.FirstOrDefault(tensor => tensor.Name == name) is not { } old || !_fresh.Add(name))
        {
            name = _builder.Floats(name, values, [.. shape]);
            _fresh.Add(name);
            return name;
        }

        var tensor = new TensorProto { Name = name, DataType = (int)ElementType.Float, RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes(values.AsSpan())) };
        tensor.Dims.AddRange(shape);
        _builder.Graph.Initializer[_builder.Graph.Initializer.IndexOf(old)] = tensor;
        return name;
    }

    private static void KeepFirst(RepeatedField<string> names, int count)
    {
        while (names.Count > count)
        {
            names.RemoveAt(count);
        }
    }

    private int ConstantInput(NodeProto node) =>
        node.Input.Index().Where(input => _constants[input.Item] is { } tensor && TensorData.Count(tensor) > 1).Select(input => input.Index).FirstOrDefault(-1);

    private IReadOnlyList<long> Shape(NodeProto node, int place) => Weight(node, place).Dims;

    private long Length(NodeProto node, int place) => TensorData.Count(Weight(node, place));

    private TensorProto Weight(NodeProto node, int place)
    {
        string name = node.Input.ElementAtOrDefault(place) ?? "";
        var tensor = _constants[name] ?? throw new FitException(
            $"{_source}: {ShortNames.Of(node)} computes its weights '{name}' from other tensors, as quantised networks do; fresh ones are drawn for float32 constants: take the float32 network");
        return (ElementType)tensor.DataType == ElementType.Float ? tensor : throw new FitException(
            $"{_source}: the weights '{name}' of {ShortNames.Of(node)} are {(ElementType)tensor.DataType}; fresh ones are drawn in float32: take the float32 network");
    }

    private void RefuseWeights(NodeProto node)
    {
        if (node.Input.FirstOrDefault(IsWeight) is { } weight)
        {
            throw new FitException(
                $"{_source}: {ShortNames.Of(node)} reads the weights '{weight}', and how to draw those of a {node.OpType} anew is not known; "
                + "known are Conv, ConvTranspose, Gemm, MatMul, PRelu and the normalisations: take an earlier tap, or export the network with its batch norms as such");
        }
    }

    private bool IsWeight(string input) => _constants[input] is { } tensor && TensorData.Count(tensor) > MostChannelsOfPictures
        && (ElementType)tensor.DataType is ElementType.Float or ElementType.Float16 or ElementType.Double;
}
