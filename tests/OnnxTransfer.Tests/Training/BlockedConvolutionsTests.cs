using OnnxTransfer.Inference;
using OnnxTransfer.Numerics;
using OnnxTransfer.Onnx;
using OnnxTransfer.Training;
using OnnxTransfer.Training.Losses;

namespace OnnxTransfer.Tests.Training;

public sealed class BlockedConvolutionsTests
{
    private const string Blocked = "com.microsoft.nchwc";

    [Fact]
    public void Blocks_are_those_of_the_processor() =>
        Assert.Equal(System.Runtime.Intrinsics.X86.Avx512F.IsSupported ? 16 : System.Runtime.Intrinsics.X86.Avx.IsSupported ? 8 : ConvolutionBlock.Size, ConvolutionBlock.Size);

    // The first convolution has too few channels, the one of two groups is of another kind: both stay as they are, forwards and backwards.
    [Fact]
    public void Convolutions_of_whole_blocks_and_their_gradients_are_put_in_blocks()
    {
        var step = Step();
        var model = BlockedConvolutions.In(step.Model, 8);

        string[] convolved = [.. model.Graph.Node.Where(node => node.OpType == "Conv").Select(node => node.Domain)];
        Assert.Equal(7, convolved.Count(domain => domain == Blocked)); // four forwards; backwards those of stride 1 alone
        Assert.Equal(3, convolved.Count(domain => domain != Blocked));
        Assert.Equal(step.Model.Inputs.Select(input => input.Name), model.Inputs.Select(input => input.Name));
        Assert.Equal(step.Model.Outputs.Select(output => output.Name), model.Outputs.Select(output => output.Name));
    }

    [Fact]
    public void A_step_in_blocks_moves_the_weights_as_a_plain_one()
    {
        var step = Step();
        var (plain, blocked) = (Run(step.Model), Run(step.ForCpu()));

        foreach (var (name, values) in plain)
        {
            double size = values.Max(value => Math.Abs((double)value));
            Assert.All(values.Zip(blocked[name]), pair => Assert.Equal(pair.First, pair.Second, 1e-5 * Math.Max(size, 1e-3)));
        }

        Assert.True(plain.Values.Max(values => values.Max(Math.Abs)) > 0.1, "nothing was moved");
    }

    [Fact]
    public void Without_blocks_the_graph_stays_as_it_is()
    {
        var step = Step();

        Assert.Same(step.Model, BlockedConvolutions.In(step.Model, 0));
        Assert.Same(step.Model, BlockedConvolutions.In(step.Model, 64));
    }

    private static StepGraph Step()
    {
        var random = new SeededRandom(3);
        var builder = GraphBuilder.Empty(17, "convolutions");
        var weights = new List<Trainable>();
        string x = Convolved(builder.Input("x", ElementType.Float, -1, 3, 12, 10), 32, 3, 3, ("pads", new long[] { 1, 1, 1, 1 }));
        string y = Convolved(x, 32, 32, 3, ("pads", new long[] { 1, 0, 2, 1 }));
        y = Convolved(y, 48, 32, 1);
        y = Convolved(y, 16, 48, 3, ("pads", new long[] { 2, 2, 2, 2 }), ("dilations", new long[] { 2, 2 }));
        y = Convolved(y, 16, 8, 3, ("group", 2), ("pads", new long[] { 1, 1, 1, 1 }));
        y = Convolved(y, 32, 16, 3, ("strides", new long[] { 2, 2 }), ("pads", new long[] { 1, 1, 1, 1 }));
        string flat = builder.Node("Flatten", [builder.Node("GlobalAveragePool", [y], "mean")], "flat");
        builder.NodeInto("y", "Gemm", [flat, Weight("head", 5, 32)], ("transB", 1));
        builder.Output("y", ElementType.Float, -1, 5);
        var network = new TrainableNetwork(builder.Build(), weights);
        var forward = ForwardGraph.Of(network, new SoftmaxCrossEntropy());
        return StepGraph.Build(forward.Model, forward.Loss, weights, new Sgd(), 4);

        string Convolved(string input, long outputs, long inputs, long kernel, params (string, object)[] attributes) => builder.Node(
            "Relu", [builder.Node("Conv", [input, Weight("w", outputs, inputs, kernel, kernel), Weight("b", outputs)], "convolved", attributes)], "relu");

        string Weight(string name, params long[] shape)
        {
            long count = shape.Aggregate(1L, (a, b) => a * b);
            string made = builder.Floats(name, [.. Enumerable.Range(0, (int)count).Select(_ => (float)(random.NextGaussian() * Math.Sqrt(2.0 * shape[0] / count)))], shape);
            weights.Add(new(made, 1e-3));
            return made;
        }
    }

    private static Dictionary<string, float[]> Run(OnnxModel model)
    {
        var random = new SeededRandom(4);
        using var session = OnnxSession.Open(model, new SessionSettings { Provider = ExecutionProvider.Cpu, Threads = 1 });
        using var buffers = session.CreateStepBuffers(new Dictionary<string, string>());
        foreach (var input in model.Inputs)
        {
            if (input.ElementType == ElementType.Double)
            {
                buffers.Input<double>(input.Name).Fill(1);
                continue;
            }

            double count = input.Dimensions!.Aggregate(1L, (a, b) => a * b), gain = input.Dimensions!.Count == 4 ? Math.Sqrt(2 * input.Dimensions[0] / count) : 0.5;
            foreach (ref float value in buffers.Input<float>(input.Name))
            {
                value = (float)(gain * random.NextGaussian());
            }
        }

        session.Run(buffers);
        return model.Outputs.ToDictionary(output => output.Name, output => buffers.Output<float>(output.Name).ToArray());
    }
}
