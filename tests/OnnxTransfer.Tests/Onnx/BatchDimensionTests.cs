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
}
