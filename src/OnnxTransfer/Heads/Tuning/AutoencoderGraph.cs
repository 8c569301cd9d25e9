using OnnxTransfer.Backbones;
using OnnxTransfer.Numerics;
using OnnxTransfer.Onnx;
using OnnxTransfer.Onnx.Proto;
using OnnxTransfer.Training;

namespace OnnxTransfer.Heads.Tuning;

/// <summary>The network of an autoencoder, from its input over the code to the reconstruction [N, k], with fresh weights.</summary>
internal sealed class AutoencoderGraph
{
    /// <summary>The input of one on pixels, float [N, 3, H, W].</summary>
    public const string Image = "image";

    /// <summary>The input of one on embeddings, float [N, D].</summary>
    public const string Rows = "encoder_rows";

    private const string Reconstruction = "reconstruction";

    // Of operators that training needs; dense layers are written the same in all.
    private const int Opset = 13;

    private readonly GraphBuilder _builder;
    private readonly SeededRandom _random;
    private readonly List<string> _weights = [];
    private readonly List<string> _biases = [];
    private readonly List<TapDescription> _taps = [];

    private AutoencoderGraph(SeededRandom random, int opset) => (_random, _builder) = (random, GraphBuilder.Empty(opset, "autoencoder"));

    /// <summary>Mean and deviation that pixels from 0 to 1 are normalised with: to -1 to 1.</summary>
    public static float[] Centre { get; } = [0.5f, 0.5f, 0.5f];

    /// <summary>From input to reconstruction.</summary>
    public OnnxModel Model { get; private set; } = null!;

    /// <summary>What the encoder can be tapped at; the last is the code.</summary>
    public IReadOnlyList<TapDescription> Taps => _taps;

    /// <summary>Dense layers on the pixels of images.</summary>
    public static AutoencoderGraph OfPixels(int height, int width, IReadOnlyList<int> hidden, int code, SeededRandom random)
    {
        var graph = new AutoencoderGraph(random, Opset);
        string pixels = graph._builder.Input(Image, ElementType.Float, -1, 3, height, width);
        string x = graph.Encode(graph._builder.Node("Flatten", [pixels], "flat"), 3 * height * width, hidden, code, name => name);
        return graph.End(graph.Decode(x, code, hidden, 3 * height * width));
    }

    /// <summary>Dense layers on embeddings, each number brought to mean 0 and deviation 1; to stand behind <paramref name="before"/>, whose names are left alone.</summary>
    public static AutoencoderGraph OfEmbeddings(float[] means, float[] scales, IReadOnlyList<int> hidden, int code, SeededRandom random, OnnxModel before)
    {
        int width = means.Length;
        var taken = before.TensorNames.ToHashSet(StringComparer.Ordinal);
        string Free(string name) => Enumerable.Range(1, int.MaxValue).Select(i => i == 1 ? name : $"{name}_{i}").First(candidate => !taken.Contains(candidate));
        var graph = new AutoencoderGraph(random, Math.Max(Opset, before.Opset));
        string x = graph._builder.Input(Rows, ElementType.Float, -1, width);
        x = graph._builder.Node("Sub", [x, graph._builder.Floats("encoder_means", means, width)], "encoder_centred");
        x = graph._builder.Node("Mul", [x, graph._builder.Floats("encoder_scales", scales, width)], "encoder_scaled");
        return graph.End(graph.Decode(graph.Encode(x, width, hidden, code, Free), code, hidden, width));
    }

    /// <summary>
    /// Convolutions of 3 x 3 and stride 2 with ReLUs down to the code, a dense layer; back by repeating every place 2 x 2 times and
    /// convolving, which leaves no chequered patterns as transposed convolutions do (Odena et al. 2016).
    /// </summary>
    public static AutoencoderGraph Convolutional(int height, int width, IReadOnlyList<int> channels, int code, SeededRandom random)
    {
        var graph = new AutoencoderGraph(random, Opset);
        string x = graph._builder.Input(Image, ElementType.Float, -1, 3, height, width);
        var sizes = new List<(int Height, int Width)> { (height, width) };
        for (int i = 0; i < channels.Count; i++)
        {
            sizes.Add(((sizes[i].Height + 1) / 2, (sizes[i].Width + 1) / 2));
            string sums = graph.Convolved(x, i == 0 ? 3 : channels[i - 1], channels[i], 2, $"block{i + 1}");
            x = graph._builder.NodeInto($"block{i + 1}", "Relu", [sums]);
            graph.Tap(x, channels[i], sizes[i + 1].Height, sizes[i + 1].Width);
        }

        int places = sizes[^1].Height * sizes[^1].Width, values = channels[^1] * places;
        x = graph.Encode(graph._builder.Node("Flatten", [x], "flat"), values, [], code, name => name);
        x = graph._builder.Node("Relu", [graph.Dense(x, code, values, "expansion")], "expanded");
        x = graph._builder.Node("Reshape", [x, graph._builder.Longs("map_shape", [0, channels[^1], sizes[^1].Height, sizes[^1].Width], 4)], "map");
        for (int i = channels.Count - 1; i >= 0; i--)
        {
            x = graph.Doubled(x, sizes[i], sizes[i + 1]);
            x = graph.Convolved(x, channels[i], i == 0 ? 3 : channels[i - 1], 1, $"unblock{i + 1}");
            x = i == 0 ? x : graph._builder.Node("Relu", [x], $"unblocked{i + 1}");
        }

        return graph.End(graph._builder.Node("Flatten", [x], "answer"));
    }

    /// <summary>The network, or one with something in front, and all its weights.</summary>
    public TrainableNetwork Trainable(OnnxModel model, double decay) =>
        new(model, [.. _weights.Select(name => new Trainable(name, decay)), .. _biases.Select(name => new Trainable(name))]);

    /// <summary>The network with the weights of a trained one.</summary>
    public OnnxModel With(OnnxModel trained)
    {
        var weights = trained.Graph.Initializer.ToDictionary(weight => weight.Name, StringComparer.Ordinal);
        var builder = GraphBuilder.Over(Model);
        TensorProto[] all = [.. builder.Graph.Initializer.Select(weight => weights[weight.Name])];
        builder.Graph.Initializer.Clear();
        builder.Graph.Initializer.AddRange(all);
        return builder.Build();
    }

    private AutoencoderGraph End(string answer)
    {
        _builder.NodeInto(Reconstruction, "Identity", [answer]);
        _builder.Output(Reconstruction);
        Model = _builder.Build();
        return this;
    }

    private string Encode(string x, int inputs, IReadOnlyList<int> hidden, int code, Func<string, string> name)
    {
        foreach (var (i, outputs) in hidden.Index())
        {
            string layer = name($"hidden{i + 1}");
            x = _builder.NodeInto(layer, "Relu", [Dense(x, inputs, outputs, $"{layer}_sums")]);
            Tap(x, outputs);
            inputs = outputs;
        }

        string tap = name("code");
        x = _builder.NodeInto(tap, "Identity", [Dense(x, inputs, code, $"{tap}_sums")]);
        Tap(x, code);
        return x;
    }

    private string Decode(string x, int code, IReadOnlyList<int> hidden, int outputs)
    {
        int inputs = code;
        for (int i = hidden.Count - 1; i >= 0; i--)
        {
            x = _builder.Node("Relu", [Dense(x, inputs, hidden[i], $"unhidden{i + 1}")], $"unhid{i + 1}");
            inputs = hidden[i];
        }

        return Dense(x, inputs, outputs, "answer");
    }

    private string Dense(string x, int inputs, int outputs, string name)
    {
        string weight = Weight($"{name}_weight", FreshWeights.Linear((long)inputs * outputs, inputs, _random), outputs, inputs);
        return _builder.Node("Gemm", [x, weight, Bias($"{name}_bias", FreshWeights.Linear(outputs, inputs, _random))], name, ("transB", 1));
    }

    private string Convolved(string x, int inputs, int outputs, int stride, string name)
    {
        string weight = Weight($"{name}_weight", FreshWeights.Linear(9L * inputs * outputs, 9 * inputs, _random), outputs, inputs, 3, 3);
        return _builder.Node("Conv", [x, weight, Bias($"{name}_bias", new float[outputs])], $"{name}_sums",
            ("kernel_shape", new long[] { 3, 3 }), ("pads", new long[] { 1, 1, 1, 1 }), ("strides", new long[] { stride, stride }));
    }

    // To twice as many rows and columns, or one less where halving had rounded up.
    private string Doubled(string x, (int Height, int Width) to, (int Height, int Width) from)
    {
        x = _builder.Node("Resize", [x, "", _builder.Floats("doubling", [1, 1, 2, 2], 4)], "doubled",
            ("mode", "nearest"), ("coordinate_transformation_mode", "asymmetric"), ("nearest_mode", "floor"));
        return to == (2 * from.Height, 2 * from.Width) ? x : _builder.Node(
            "Slice", [x, _builder.Longs("from", [0, 0], 2), _builder.Longs("to", [to.Height, to.Width], 2), _builder.Longs("axes", [2, 3], 2)], "cut");
    }

    private string Weight(string hint, float[] values, params long[] dims)
    {
        string name = _builder.Floats(hint, values, dims);
        _weights.Add(name);
        return name;
    }

    private string Bias(string hint, float[] values)
    {
        string name = _builder.Floats(hint, values, values.Length);
        _biases.Add(name);
        return name;
    }

    private void Tap(string tensor, params int[] shape)
    {
        var pooling = shape.Length == 1 ? TapPooling.None : TapPooling.Average;
        _taps.Add(new(tensor, tensor, shape, pooling, pooling.WidthOf(shape)));
    }
}
