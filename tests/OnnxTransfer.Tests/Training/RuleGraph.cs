using OnnxTransfer.Numerics;
using OnnxTransfer.Onnx;
using OnnxTransfer.Training;

namespace OnnxTransfer.Tests.Training;

/// <summary>
/// A small graph around one operator, with random inputs: loss = sum(operator(inputs) x random factors). All values of a graph differ,
/// by 0.01 or more, and from every multiple of 0.01: none lies on a kink, and none is the equal of another.
/// </summary>
internal sealed class RuleGraph(ElementType type, int opset, SeededRandom random)
{
    private readonly GraphBuilder _builder = GraphBuilder.Empty(opset);
    private readonly HashSet<int> _used = [];

    public int Opset => opset;

    public ElementType Type => type;

    /// <summary>The inputs that the loss is differentiated by.</summary>
    public Dictionary<string, double[]> Inputs { get; } = [];

    /// <summary>What the elements of the output are multiplied with.</summary>
    public double[] Factors { get; private set; } = [];

    /// <summary>A random dimension.</summary>
    public long Dim(int least = 2, int most = 4) => least + random.NextInt(most - least + 1);

    /// <summary>Random dimensions.</summary>
    public long[] Shape(int rank) => [.. Enumerable.Range(0, rank).Select(_ => Dim())];

    /// <summary>Random dimensions, as many as there may be.</summary>
    public long[] Shape() => Shape(1 + random.NextInt(4));

    public int Pick(int among) => random.NextInt(among);

    /// <summary>A new input of random values.</summary>
    public string Values(params long[] shape) => Between(-2, 2, shape);

    /// <summary>The same from other bounds.</summary>
    public string Between(double low, double high, params long[] shape)
    {
        string name = _builder.Input($"input{Inputs.Count}", type, shape);
        Inputs[name] = Drawn(low, high, shape);
        return name;
    }

    /// <summary>Random values that the loss is not differentiated by.</summary>
    public string Fixed(params long[] shape) => _builder.Reals("fixed", type, Drawn(-2, 2, shape), shape);

    public string Reals(params double[] values) => _builder.Reals("reals", type, values, values.Length);

    public string Scalar(double value) => _builder.Reals("scalar", type, [value]);

    public string Floats(params float[] values) => _builder.Floats("floats", values, values.Length);

    public string Longs(params long[] values) => _builder.Longs("longs", values, values.Length);

    public string Node(string operation, string[] inputs, params (string Name, object Value)[] attributes) =>
        _builder.Node(operation, inputs, operation.ToLowerInvariant(), attributes);

    /// <summary>A node of several outputs.</summary>
    public string[] Nodes(string operation, int outputs, string[] inputs, params (string Name, object Value)[] attributes)
    {
        string[] names = [.. Enumerable.Range(0, outputs).Select(i => _builder.Reserve($"part{i}"))];
        string first = _builder.Node(operation, inputs, "several", attributes);
        var built = _builder.Build();
        var node = built.Graph.Node.Single(node => node.Output[0] == first);
        node.Output.Clear();
        node.Output.AddRange(names);
        return names;
    }

    /// <summary>A reduction of random axes of a random tensor; they are an input from operator set <paramref name="since"/> on.</summary>
    public string Reduced(string operation, double low = -2, int since = 18)
    {
        long[] shape = Shape(1 + random.NextInt(3));
        long[] axes = [.. random.Permutation(shape.Length).Take(random.NextInt(shape.Length + 1)).Select(i => (long)(i - (random.NextInt(2) * shape.Length)))];
        string x = Between(low, 2, shape);
        (string, object) keep = ("keepdims", random.NextInt(2));
        return axes.Length == 0 ? Node(operation, [x], keep)
            : opset >= since ? Node(operation, [x, Longs(axes)], keep)
            : Node(operation, [x], ("axes", axes), keep);
    }

    /// <summary>A shape that broadcasts to another: dimensions of 1, some in front left out.</summary>
    public long[] Narrower(long[] shape) => [.. shape.Skip(random.NextInt(shape.Length)).Select(dim => random.NextInt(2) == 0 ? 1 : dim)];

    /// <summary>The graph with its gradients by <see cref="Inputs"/>, in their order.</summary>
    public (OnnxModel Model, IReadOnlyList<string> Gradients) Differentiated(string y)
    {
        _builder.Output(y, type);
        var shape = TensorShapes.Infer(_builder.Build())[y] ?? throw new InvalidOperationException($"'{y}' has no shape");
        Factors = [.. Enumerable.Range(0, (int)shape.Count).Select(_ => (2 * random.NextDouble()) - 1)];
        string product = _builder.Node("Mul", [y, _builder.Reals("factors", type, Factors, [.. shape.Dimensions])], "product");
        _builder.NodeInto("loss", "ReduceSum", [product], ("keepdims", 0));
        _builder.Output("loss", type);
        var forward = _builder.Build();
        var over = GraphBuilder.Over(forward);
        var gradients = Differentiation.Gradients(over, forward, TensorShapes.Infer(forward), "loss", [.. Inputs.Keys]);
        foreach (string gradient in gradients)
        {
            over.Output(gradient, type);
        }

        return (over.Build(), gradients);
    }

    private double[] Drawn(double low, double high, long[] shape)
    {
        var values = new double[shape.Aggregate(1L, (a, b) => a * b)];
        for (int i = 0; i < values.Length; i++)
        {
            int place;
            do
            {
                place = (int)Math.Floor((low + ((high - low) * random.NextDouble())) * 100);
            }
            while (!_used.Add(place));

            values[i] = (place + 0.5) / 100;
        }

        return values;
    }
}
