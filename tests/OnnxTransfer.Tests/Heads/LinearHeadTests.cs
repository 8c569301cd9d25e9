using OnnxTransfer.Heads;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Tests.Heads;

public sealed class LinearHeadTests
{
    [Fact]
    public void Softmax_of_known_logits()
    {
        var head = new LinearHead([1, 0, 0, 1], [0, 1], Activation.Softmax, ["a", "b"]);
        float[] p = head.Predict(new Matrix(1, 2, [2, 1])).Values;
        Assert.Equal(0.5f, p[0], 1e-6f); // logits 2 and 1 + 1
        p = head.Predict(new Matrix(1, 2, [2000, -2000])).Values; // far beyond what exp can hold
        Assert.Equal([1f, 0f], p);
    }

    [Fact]
    public void Identity_and_exponential()
    {
        Assert.Equal(7, new LinearHead([2, 3], [1], Activation.Identity, []).Predict(new Matrix(1, 2, [1.5f, 1])).Values[0]);
        Assert.Equal(MathF.Exp(2), new LinearHead([2], [0], Activation.Exponential, []).Predict(new Matrix(1, 1, [1])).Values[0], 1e-6f);
    }

    [Fact]
    public void No_rows_give_no_predictions() =>
        Assert.Empty(new LinearHead([2], [0], Activation.Identity, []).Predict(new Matrix(0, 1)).Values);

    [Theory]
    [InlineData(5, 2, 2, Activation.Softmax)]
    [InlineData(4, 2, 3, Activation.Softmax)]
    [InlineData(4, 1, 1, Activation.Identity)]
    [InlineData(0, 1, 0, Activation.Identity)]
    public void Sizes_that_do_not_fit_are_refused(int weights, int biases, int classes, Activation activation) =>
        Assert.Contains("does not fit together", Assert.Throws<ArgumentException>(() => new LinearHead(
            new float[weights], new float[biases], activation, [.. Enumerable.Range(0, classes).Select(c => $"c{c}")])).Message, StringComparison.Ordinal);
}
