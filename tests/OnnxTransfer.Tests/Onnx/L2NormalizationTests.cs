using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Tests.Onnx;

public class L2NormalizationTests
{
    [Theory]
    [InlineData(7)]
    [InlineData(13)]
    [InlineData(18)]
    public void Equals_torchs_normalize(int opset)
    {
        var golden = Golden.Case("l2", "taps.json");

        var model = L2Normalization.Attach(Graphs.Identity(opset, 6), "y", "unit");
        var found = Graphs.Run(model, ("x", TensorValue.Of(golden.Floats("x"), 5, 6)));

        Graphs.Near(golden.Floats("normalized"), found.Floats, 1e-6f);
        Assert.Equal("float unit[N,6]", Assert.Single(model.Outputs).ToString());
    }

    [Fact]
    public void A_row_in_memory_is_divided_likewise()
    {
        var golden = Golden.Case("l2", "taps.json");
        var rows = golden.Floats("x");

        for (var row = 0; row < 5; row++)
        {
            L2Normalization.Divide(rows.AsSpan(row * 6, 6));
        }

        Graphs.Near(golden.Floats("normalized"), rows, 1e-6f);
    }

    [Fact]
    public void A_tensor_that_does_not_exist_is_named() => Assert.Equal(
        "graph: has no tensor 'z'; it has 'y', 'x'",
        Assert.Throws<OnnxException>(() => L2Normalization.Attach(Graphs.Relu(2), "z", "unit")).Message);
}
