using OnnxTransfer.Onnx;
using static OnnxTransfer.Tests.Onnx.OneNode;

namespace OnnxTransfer.Tests.Onnx;

/// <summary>Operators as operator sets 18 to 20 changed or added them, beyond what the golden file's onnx knows.</summary>
public class NewOperatorSetTests
{
    private static readonly long[] X = [2, 4, 9, 7];

    private static readonly Dictionary<string, OnnxModel> Graphs = new()
    {
        ["ReduceMean by input"] = Of(18, "ReduceMean", [X, new Longs(2, -1)], 1, ("keepdims", 0)),
        ["ReduceL1 of nothing"] = Of(18, "ReduceL1", [X, new Longs()], 1, ("noop_with_empty_axes", 1)),
        ["ReduceMax of all"] = Of(18, "ReduceMax", [X]),
        ["Pad of some axes"] = Of(18, "Pad", [X, new Longs(1, 0, 2, 3), null, new Longs(-1, 1)]),
        ["Split, last smaller"] = Of(18, "Split", [X], 4, ("num_outputs", 4), ("axis", 3)),
        ["Split, last empty"] = Of(18, "Split", [new long[] { 1, 9 }], 3, ("num_outputs", 3), ("axis", 1)),
        ["Resize of some axes"] = Of(18, "Resize", [X, null, null, new Longs(5, 14)], 1, ("axes", new long[] { 2, 3 }), ("mode", "nearest")),
        ["Resize within"] = Of(18, "Resize", [X, null, null, new Longs(20, 20)], 1,
            ("axes", new long[] { 2, 3 }), ("mode", "nearest"), ("keep_aspect_ratio_policy", "not_larger")),
        ["Resize around"] = Of(18, "Resize", [X, null, null, new Longs(20, 20)], 1,
            ("axes", new long[] { 2, 3 }), ("mode", "nearest"), ("keep_aspect_ratio_policy", "not_smaller")),
        ["Resize by scales"] = Of(18, "Resize", [X, null, new Weights([2], [2.6f, 0.7f])], 1, ("axes", new long[] { 3, 2 }), ("mode", "linear")),
        ["Mish"] = Of(18, "Mish", [X]),
        ["Gelu"] = Of(20, "Gelu", [X]),
        ["HardSwish"] = Of(14, "HardSwish", [X]),
        ["GroupNormalization"] = Of(21, "GroupNormalization", [X, new Weights([4]), new Weights([4])], 1, ("num_groups", 2)),
        ["BatchNormalization"] = Of(15, "BatchNormalization", [X, new Weights([4]), new Weights([4]), new Weights([4]), new Weights([4])]),
        ["Reshape with allowzero"] = Of(14, "Reshape", [new long[] { 0, 3 }, new Longs(5, 0)], 1, ("allowzero", 1)),
        ["CastLike"] = Of(15, "CastLike", [X, new Longs(1)]),
        ["FusedConv"] = Domain(Of(13, "FusedConv", [X, new Weights([5, 4, 3, 3])], 1, ("activation", "Relu"))),
    };

    public static TheoryData<string> Cases() => [.. Graphs.Keys];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Equal_the_runtime(string name)
    {
        var model = Graphs[name];

        var shapes = TensorShapes.Infer(model);

        Assert.Empty(shapes.Unknown);
        RuntimeShapes.Equal(model, shapes);
    }

    private static OnnxModel Domain(OnnxModel model)
    {
        model.Graph.Node[0].Domain = "com.microsoft";
        model.Proto.OpsetImport.Add(new OnnxTransfer.Onnx.Proto.OperatorSetIdProto { Domain = "com.microsoft", Version = 1 });
        return model;
    }
}
