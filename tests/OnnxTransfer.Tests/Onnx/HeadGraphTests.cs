using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Tests.Onnx;

public class HeadGraphTests
{
    [Theory]
    [InlineData(HeadOutput.Value, "values")]
    [InlineData(HeadOutput.Probabilities, "probabilities")]
    public void Equals_torch(HeadOutput kind, string name)
    {
        var golden = Golden.Case("head");

        var model = HeadGraph.Attach(Graphs.Identity(13, 6), "y", golden.Floats("weights"), golden.Floats("bias"), kind, name);
        var found = Graphs.Run(Cut.At(model, [name]), ("x", TensorValue.Of(golden.Floats("x"), 3, 6)));

        Assert.Equal([3, 4], found.Shape);
        Graphs.Near(golden.Floats(name), found.Floats, 1e-6f);
    }

    [Theory]
    [InlineData(ElementType.Float16)]
    [InlineData(ElementType.Double)]
    public void An_embedding_of_another_float_type_is_cast(ElementType type)
    {
        var golden = Golden.Case("head");
        var builder = GraphBuilder.Empty();
        builder.Input("x", ElementType.Float, -1, 6);
        builder.NodeInto("y", "Cast", ["x"], ("to", (int)type));
        builder.Output("y", type, -1, 6);

        var model = HeadGraph.Attach(builder.Build(), "y", golden.Floats("weights"), golden.Floats("bias"), HeadOutput.Value, "values");

        Graphs.Near(golden.Floats("values"), Graphs.Run(Cut.At(model, ["values"]), ("x", TensorValue.Of(golden.Floats("x"), 3, 6))).Floats, 1e-2f);
    }

    [Fact]
    public void The_embedding_stays_an_output()
    {
        var model = HeadGraph.Attach(Graphs.Relu(2), "y", [1, 2, 3, 4], [0, 0], HeadOutput.Probabilities, "probabilities");

        Assert.Equal(["float y[N,2]", "float probabilities[N,2]"], model.Outputs.Select(o => o.ToString()));
    }

    [Theory]
    [InlineData(9)]
    [InlineData(13)]
    [InlineData(18)]
    public void An_item_of_several_photos_with_numbers_equals_torch(int opset)
    {
        var golden = Golden.Case("head");
        var x = golden.Floats("x");
        var numbers = golden.Floats("numbers");

        var model = Items.AverageRows(Graphs.Identity(opset, 6), "y", "mean");
        Graphs.Near(golden.Floats("mean"), Graphs.Run(model, ("x", TensorValue.Of(x, 3, 6))).Floats, 1e-6f);

        model = Items.AppendNumbers(Graphs.Identity(opset, 6), "y", "numbers", 2, "row");
        model = HeadGraph.Attach(model, "row", golden.Floats("regressionWeights"), golden.Floats("regressionBias"), HeadOutput.Value, "target");
        var found = Graphs.Run(Cut.At(model, ["target"]), ("x", TensorValue.Of(x, 3, 6)), ("numbers", TensorValue.Of(numbers, 3, 2)));

        Assert.Equal([3, 1], found.Shape);
        Graphs.Near(golden.Floats("regression"), found.Floats, 1e-6f);
    }

    [Fact]
    public void Averaged_rows_take_one_row_of_numbers()
    {
        var model = Items.AppendNumbers(Items.AverageRows(Graphs.Identity(13, 2), "y", "mean"), "mean", "numbers", 1, "row");

        var found = Graphs.Run(model, ("x", TensorValue.Of([1, 2, 3, 6], 2, 2)), ("numbers", TensorValue.Of([9f], 1, 1)));

        Assert.Equal([2, 4, 9], found.Floats);
        Assert.Equal(["float row[1,3]"], model.Outputs.Select(o => o.ToString()));
        Assert.Equal(["float x[N,2]", "float numbers[1,1]"], model.Inputs.Select(o => o.ToString()));
    }

    [Fact]
    public void A_head_of_another_width_is_refused()
    {
        var error = Assert.Throws<OnnxException>(() => HeadGraph.Attach(Graphs.Relu(3), "y", new float[8], new float[2], HeadOutput.Value, "scores"));

        Assert.Equal("graph: 'y' has shape [-1, 3] and the head wants [N, 4]; fit the head on the embeddings of this backbone and these taps", error.Message);
    }

    [Fact]
    public void Weights_that_do_not_divide_are_refused()
    {
        var error = Assert.Throws<OnnxException>(() => HeadGraph.Attach(Graphs.Relu(3), "y", new float[7], new float[2], HeadOutput.Value, "scores"));

        Assert.Equal("graph: a head of 7 weights and 2 biases; expected k biases and k x D weights", error.Message);
    }
}
