using OnnxTransfer.Onnx;
using static OnnxTransfer.Tests.Onnx.OneNode;

namespace OnnxTransfer.Tests.Onnx;

/// <summary>Operators as they were before operator set 7, the oldest the runtime takes: by the letter of ONNX's change log.</summary>
public class OldOperatorSetTests
{
    private static readonly long[] X = [2, 4, 9, 7];

    [Fact]
    public void B_is_stretched_to_A_along_an_axis() =>
        Assert.Equal(X, Infer(6, "Add", [X, new Weights([4])], ("broadcast", 1), ("axis", 1))["y0"]!.Dimensions);

    [Fact]
    public void Shapes_axes_and_sizes_are_attributes()
    {
        Assert.Equal([2, 36, 7], Infer(4, "Reshape", [X], ("shape", new long[] { 0, -1, 7 }))["y0"]!.Dimensions);
        Assert.Equal([2, 4, 10, 12], Infer(1, "Pad", [X], ("paddings", new long[] { 0, 0, 0, 2, 0, 0, 1, 3 }))["y0"]!.Dimensions);
        Assert.Equal([1, 2, 4], Infer(1, "Slice", [X], ("starts", new long[] { 1, 1, 5 }), ("ends", new long[] { 2, 3, 9 }),
            ("axes", new long[] { 0, 1, 2 }))["y0"]!.Dimensions.Take(3));
    }

    [Fact]
    public void Batch_normalisation_gives_its_statistics()
    {
        var part = new Weights([4]);
        var model = Of(6, "BatchNormalization", [X, part, part, part, part], 5, ("is_test", 0));
        var shapes = TensorShapes.Infer(model);

        Assert.Equal(X, shapes["y0"]!.Dimensions);
        Assert.All(["y1", "y2", "y3", "y4"], y => Assert.Equal([4], shapes[y]!.Dimensions));
        Assert.Contains(ModelProfile.Of(model, shapes).Warnings, w => w.StartsWith("It was exported in training mode: 1 node (BatchNormalization)", StringComparison.Ordinal));
    }

    private static TensorShapes Infer(int opset, string operation, object?[] inputs, params (string, object)[] attributes) =>
        TensorShapes.Infer(Of(opset, operation, inputs, 1, attributes));
}
