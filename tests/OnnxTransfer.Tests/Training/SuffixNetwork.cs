using OnnxTransfer.Onnx;
using OnnxTransfer.Training.Losses;

namespace OnnxTransfer.Tests.Training;

/// <summary>The networks of make_suffixes.py as graphs, their weights drawn by the same formula in the same order.</summary>
internal sealed class SuffixNetwork
{
    private readonly GraphBuilder _builder = GraphBuilder.Empty(15);
    private readonly bool _trainsNorms;
    private readonly int _classes;
    private int _drawn;

    private SuffixNetwork(bool trainsNorms, int classes) => (_trainsNorms, _classes) = (trainsNorms, classes);

    /// <summary>Weights to train, in PyTorch's order.</summary>
    public List<string> Weights { get; } = [];

    /// <summary>From the inputs "x" and "targets" to the mean "loss".</summary>
    public OnnxModel Model { get; private set; } = null!;

    public static SuffixNetwork Of(string name, long[] shape, int batch, int classes)
    {
        var net = new SuffixNetwork(name == "resnet8", classes);
        net._builder.Input("x", ElementType.Float, [-1, .. shape]);
        net._builder.Input("targets", ElementType.Float, -1, classes);
        string outputs = name switch
        {
            "resnet18" => net.Head(net.Block(net.Block("x", "0", 8, 16, 2), "1", 16, 16, 1), "4"),
            "resnet8" => net.ResNet8(),
            _ => net.Vgg(),
        };
        net._builder.NodeInto("weights", "Identity", [net._builder.Floats("share", [.. Enumerable.Repeat(1f / batch, batch)], batch)]);
        net._builder.Output(new SoftmaxCrossEntropy().AddSum(net._builder, outputs, "targets", "weights", classes, ElementType.Float));
        net.Model = net._builder.Build();
        return net;
    }

    /// <summary>Numerical Recipes' linear congruential generator, in [-0.5, 0.5).</summary>
    public static double[] Draw(int seed, long count)
    {
        uint state = (uint)seed;
        return [.. Enumerable.Range(0, (int)count).Select(_ => ((state = unchecked((1664525 * state) + 1013904223)) / 4294967296.0) - 0.5)];
    }

    private string ResNet8()
    {
        string x = Relu(Norm(Conv("x", "0", 3, 4, 3, 1, bias: false), "1", 4));
        return Head(Block(Block(Block(x, "3", 4, 4, 1), "4", 4, 8, 2), "5", 8, 16, 2), "8");
    }

    private string Vgg()
    {
        string x = Relu(Conv(Relu(Conv("x", "0", 8, 12, 3, 1, bias: true)), "2", 12, 12, 3, 1, bias: true));
        x = _builder.Node("MaxPool", [x], "pooled", ("kernel_shape", new long[] { 2, 2 }), ("strides", new long[] { 2, 2 }));
        x = _builder.Node("Flatten", [x], "flat");
        return Linear(Relu(Linear(Relu(Linear(x, "6", 108, 24)), "8", 24, 24)), "10", 24, _classes);
    }

    private string Head(string x, string name) =>
        Linear(_builder.Node("Flatten", [_builder.Node("GlobalAveragePool", [x], "mean")], "flat"), name, 16, _classes);

    private string Block(string x, string name, int inner, int outer, int stride)
    {
        string y = Relu(Norm(Conv(x, $"{name}.conv1", inner, outer, 3, stride, bias: false), $"{name}.bn1", outer));
        y = Norm(Conv(y, $"{name}.conv2", outer, outer, 3, 1, bias: false), $"{name}.bn2", outer);
        string past = stride == 1 && inner == outer
            ? x
            : Norm(Conv(x, $"{name}.downsample.0", inner, outer, 1, stride, bias: false), $"{name}.downsample.1", outer);
        return Relu(_builder.Node("Add", [y, past], "sum"));
    }

    private string Conv(string x, string name, int inner, int outer, int kernel, int stride, bool bias)
    {
        string[] inputs = [x, Drawn($"{name}.weight", outer, inner, kernel, kernel), .. bias ? [Drawn($"{name}.bias", outer)] : Array.Empty<string>()];
        long pad = kernel / 2;
        return _builder.Node("Conv", inputs, "convolved", ("strides", new long[] { stride, stride }), ("pads", new[] { pad, pad, pad, pad }));
    }

    private string Norm(string x, string name, int channels)
    {
        string[] inputs = [x, Drawn($"{name}.weight", channels), Drawn($"{name}.bias", channels), Drawn($"{name}.running_mean", channels), Drawn($"{name}.running_var", channels)];
        return _builder.Node("BatchNormalization", inputs, "normal", ("training_mode", _trainsNorms ? 1 : 0));
    }

    private string Linear(string x, string name, int inner, int outer) =>
        _builder.Node("Gemm", [x, Drawn($"{name}.weight", outer, inner), Drawn($"{name}.bias", outer)], "linear", ("transB", 1));

    private string Relu(string x) => _builder.Node("Relu", [x], "relu");

    // Convolutions as wide as Kaiming's, scales and variances around 1.
    private string Drawn(string name, params long[] shape)
    {
        long count = shape.Aggregate(1L, (a, b) => a * b);
        double factor = shape.Length > 1 ? Math.Sqrt(24.0 / (count / shape[0])) : 1;
        double shift = name.EndsWith("running_var", StringComparison.Ordinal) || (shape.Length == 1 && name.EndsWith("weight", StringComparison.Ordinal)) ? 1 : 0;
        _builder.Reals(name, ElementType.Float, [.. Draw(++_drawn, count).Select(v => shift + (factor * v))], shape);
        if (!name.Contains("running", StringComparison.Ordinal))
        {
            Weights.Add(name);
        }

        return name;
    }
}
