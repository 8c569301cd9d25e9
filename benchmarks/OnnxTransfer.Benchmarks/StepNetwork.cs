using OnnxTransfer.Numerics;
using OnnxTransfer.Onnx;
using OnnxTransfer.Training;

namespace OnnxTransfer.Benchmarks;

/// <summary>The residual networks that training steps are measured on, peers/steps_torch.py's alike, their weights drawn.</summary>
internal sealed class StepNetwork
{
    private readonly GraphBuilder builder = GraphBuilder.Empty(17);
    private readonly SeededRandom random = new(1);
    private readonly List<Trainable> weights = [];
    private readonly bool trainsNorms;

    private StepNetwork(bool trainsNorms) => this.trainsNorms = trainsNorms;

    /// <summary>Layer4 of ResNet-18 (He et al. 2016) and a head for ten classes on activations [N, 256, 14, 14]; batch norms folded, as fine-tuning trains it.</summary>
    public static TrainableNetwork Layer4()
    {
        var net = new StepNetwork(trainsNorms: false);
        string x = net.builder.Input("x", ElementType.Float, -1, 256, 14, 14);
        return net.End(net.Block(net.Block(x, 256, 512, 2), 512, 512, 1), 512);
    }

    /// <summary>ResNet-20 for CIFAR-10 (section 4.2) on [N, 3, 32, 32], its batch norms in training; past a change of width goes a convolution.</summary>
    public static TrainableNetwork ResNet20()
    {
        var net = new StepNetwork(trainsNorms: true);
        string x = net.Convolved(net.builder.Input("x", ElementType.Float, -1, 3, 32, 32), 3, 16, 3, 1, isRectified: true);
        int inner = 16;
        foreach (int outer in new[] { 16, 16, 16, 32, 32, 32, 64, 64, 64 })
        {
            x = net.Block(x, inner, outer, inner == outer ? 1 : 2);
            inner = outer;
        }

        return net.End(x, 64);
    }

    private TrainableNetwork End(string x, int width)
    {
        string flat = builder.Node("Flatten", [builder.Node("GlobalAveragePool", [x], "mean")], "flat");
        builder.NodeInto("y", "Gemm", [flat, Drawn("head", 1, 10, width), Trained("head_bias", 0, 10)], ("transB", 1));
        builder.Output("y", ElementType.Float, -1, 10);
        return new(builder.Build(), weights);
    }

    private string Block(string x, int inner, int outer, int stride)
    {
        string y = Convolved(Convolved(x, inner, outer, 3, stride, isRectified: true), outer, outer, 3, 1, isRectified: false);
        string past = inner == outer ? x : Convolved(x, inner, outer, 1, stride, isRectified: false);
        return builder.Node("Relu", [builder.Node("Add", [y, past], "sum")], "block");
    }

    private string Convolved(string x, int inner, int outer, int kernel, int stride, bool isRectified)
    {
        string[] bias = trainsNorms ? [] : [Trained("bias", 0, outer)];
        long pad = kernel / 2;
        string y = builder.Node(
            "Conv", [x, Drawn("w", 2, outer, inner, kernel, kernel), .. bias], "convolved", ("strides", new long[] { stride, stride }), ("pads", new[] { pad, pad, pad, pad }));
        if (trainsNorms)
        {
            string[] kept = [builder.Floats("mean", new float[outer], outer), builder.Floats("variance", [.. Enumerable.Repeat(1f, outer)], outer)];
            y = builder.Node("BatchNormalization", [y, Trained("scale", 1, outer), Trained("shift", 0, outer), .. kept], "normal", ("training_mode", 1));
        }

        return isRectified ? builder.Node("Relu", [y], "relu") : y;
    }

    // Kaiming's normal distribution.
    private string Drawn(string name, double gain, params long[] shape)
    {
        long count = shape.Aggregate(1L, (a, b) => a * b);
        double deviation = Math.Sqrt(gain * shape[0] / count);
        return Weight(builder.Floats(name, [.. Enumerable.Range(0, (int)count).Select(_ => (float)(deviation * random.NextGaussian()))], shape));
    }

    private string Trained(string name, float value, int count) => Weight(builder.Floats(name, [.. Enumerable.Repeat(value, count)], count));

    private string Weight(string name)
    {
        weights.Add(new(name, 5e-4));
        return name;
    }
}
