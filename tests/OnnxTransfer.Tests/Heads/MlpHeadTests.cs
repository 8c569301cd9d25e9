using OnnxTransfer.Heads;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Tests.Heads;

public sealed class MlpHeadTests
{
    // 2 inputs, hidden max(x0 - x1, 0) and max(1 - x0, 0), 2 outputs.
    private static readonly DenseLayer[] Layers = [new([1, -1, -1, 0], [0, 1]), new([2, 0, 1, -1], [0.5f, 0])];

    [Fact]
    public void Computes_its_layers()
    {
        var head = new MlpHead(Layers, Activation.Identity, [], ["a", "b"]);
        var rows = new Matrix(3, 2, [3, 1, 0, 2, -1, -2]);
        float[] values = head.Predict(rows).Values;
        Assert.Equal([4.5f, 2, 0.5f, -1, 2.5f, -1], values);
        Assert.Equal((HeadTask.Values, 2, 2), (head.Task, head.Width, head.Outputs));
        Assert.Equal(values, ExportedHead.Predict(head, rows));
    }

    [Theory]
    [InlineData(Activation.Softmax, 0.9241418f)]
    [InlineData(Activation.Sigmoid, 0.9890131f)]
    [InlineData(Activation.Exponential, 90.017131f)]
    public void Activates_its_outputs(Activation activation, float first)
    {
        string[] names = ["a", "b"];
        var head = activation == Activation.Exponential ? new MlpHead(Layers, activation, [], names) : new MlpHead(Layers, activation, names);
        var result = new float[2];
        head.Predict([3, 1], result);
        Assert.Equal(first, result[0], 1e-6f * first);
    }

    [Fact]
    public void Layers_that_do_not_fit_together_are_refused()
    {
        Assert.Equal(
            "layers of 2 x 2, 3 x 1, 0 class names and 1 value names do not make a Identity head; "
            + "expected the outputs of each layer to be the inputs of the next, and a name per output of the last",
            Assert.Throws<ArgumentException>(() => new MlpHead([Layers[0], new([1, 1, 1], [0])], Activation.Identity, [])).Message);
        Assert.Throws<ArgumentException>(() => new MlpHead([], Activation.Identity, []));
        Assert.Throws<ArgumentException>(() => new MlpHead(Layers, Activation.Softmax, ["a"]));
        Assert.Equal(
            "a layer of 3 weights and 2 biases does not fit together; expected k x D weights and k biases",
            Assert.Throws<ArgumentException>(() => new DenseLayer([1, 2, 3], [0, 0])).Message);
    }
}
