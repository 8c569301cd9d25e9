using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Tests.Onnx;

public class BatchDimensionTests
{
    [Fact]
    public void An_old_file_of_batch_1_takes_three_images()
    {
        var golden = Golden.Case("old");
        var old = OnnxModel.Load(Golden.PathOf("old.onnx"));
        Assert.Equal(["float image[1,3,4,4]"], old.Inputs.Select(i => i.ToString()));

        var free = BatchDimension.Free(old);
        var found = Graphs.Run(free, ("image", TensorValue.Of(golden.Floats("x"), 3, 3, 4, 4)));

        Assert.Equal("float image[N,3,4,4]", Assert.Single(free.Inputs).ToString());
        Assert.Equal("float y[N,5]", Assert.Single(free.Outputs).ToString());
        Assert.Equal([3, 5], found.Shape);
        Graphs.Near(golden.Floats("y"), found.Floats, 1e-4f);
    }

    [Fact]
    public void Dynamic_batches_only_get_the_name()
    {
        var model = Graphs.Relu(2);
        model.Graph.Input[0].Type.TensorType.Shape.Dim[0].ClearDimParam();

        Assert.Equal("float x[?,2]", new OnnxModel(model.Proto, "x").Inputs[0].ToString());
        Assert.Equal("float x[N,2]", BatchDimension.Free(model).Inputs[0].ToString());
    }

    [Fact]
    public void Another_name_is_changed_inside_too()
    {
        var model = Graphs.Relu(2);
        model.Graph.Input[0].Type.TensorType.Shape.Dim[0].DimParam = "batch_size";
        model.Graph.ValueInfo.Add(model.Graph.Input[0].Clone());
        model.Graph.ValueInfo[0].Name = "inner";

        var free = BatchDimension.Free(model);

        Assert.Equal("float inner[N,2]", TensorInfo.From(Assert.Single(free.Graph.ValueInfo)).ToString());
        Assert.Equal("float x[batch_size,2]", new OnnxModel(model.Proto, "x").Inputs[0].ToString());
    }

    [Fact]
    public void A_reshape_of_what_has_no_batch_in_front_keeps_its_numbers()
    {
        var builder = GraphBuilder.Empty();
        builder.Input("x", ElementType.Float, 1, 4, 3);
        var turned = builder.Node("Transpose", ["x"], "turned", ("perm", new long[] { 1, 0, 2 }));
        builder.NodeInto("y", "Reshape", [turned, builder.Longs("shape", [1, -1], 2)]);
        builder.Output("y");

        var x = TensorValue.Of(Graphs.Floats(12, 1), 1, 4, 3);

        Assert.Equal([1, 12], Graphs.Run(BatchDimension.Free(builder.Build()), ("x", x)).Shape);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-2)]
    public void A_class_token_is_repeated_for_every_image(int axis)
    {
        var builder = GraphBuilder.Empty();
        builder.Input("x", ElementType.Float, 1, 2, 3);
        builder.NodeInto("y", "Concat", [builder.Floats("token", [7, 8, 9], 1, 1, 3), "x"], ("axis", axis));
        builder.Output("y");

        var found = Graphs.Run(BatchDimension.Free(builder.Build()), ("x", TensorValue.Of(new float[12], 2, 2, 3)));

        Assert.Equal([2, 3, 3], found.Shape);
        Assert.Equal([7, 8, 9, 0, 0, 0, 0, 0, 0, 7, 8, 9, 0, 0, 0, 0, 0, 0], found.Floats);
    }

    [Fact]
    public void What_is_expanded_to_the_batch_is_reshaped_with_it()
    {
        var builder = GraphBuilder.Empty();
        builder.Input("x", ElementType.Float, 1, 2);
        var rows = builder.Node("Expand", [builder.Floats("token", [7, 8], 1, 1, 2), builder.Longs("rows", [1, 1, 2], 3)], "rows");
        builder.NodeInto("y", "Concat", [builder.Node("Reshape", [rows, builder.Longs("shape", [1, 2], 2)], "flat"), "x"], ("axis", 1));
        builder.Output("y");

        var found = Graphs.Run(BatchDimension.Free(builder.Build()), ("x", TensorValue.Of(new float[4], 2, 2)));

        Assert.Equal([7, 8, 0, 0, 7, 8, 0, 0], found.Floats);
    }
}
