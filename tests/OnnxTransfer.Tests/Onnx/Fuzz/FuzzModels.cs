using Google.Protobuf;
using OnnxTransfer.Onnx;
using OnnxTransfer.Onnx.Proto;
using OnnxTransfer.Tests.Backbones;

namespace OnnxTransfer.Tests.Onnx.Fuzz;

/// <summary>Small graphs as real exporters write them: what the variants are made of.</summary>
internal static class FuzzModels
{
    /// <summary>The data file that the model with external data points to, and its content.</summary>
    public const string DataFile = "weights.data";

    private static readonly Lazy<byte[][]> Made = new(() => [ResNet(), Tiny(), ShapeChain(), File.ReadAllBytes(Golden.PathOf("old.onnx")), Branches(), External()]);

    public static IReadOnlyList<byte[]> All => Made.Value;

    public static byte[] Data { get; } = [.. Enumerable.Range(0, 4096).Select(i => (byte)(i * 7))];

    /// <summary>The backbone the project carries, 17 convolutions, with four channels wherever it has more.</summary>
    private static byte[] ResNet()
    {
        const int Channels = 4;
        var proto = ModelProto.Parser.ParseFrom(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "models", "resnet14-cifar10.onnx")));
        foreach (var tensor in proto.Graph.Initializer.Where(t => t.DataType == (int)ElementType.Float))
        {
            for (var i = 0; i < Math.Min(2, tensor.Dims.Count); i++)
            {
                tensor.Dims[i] = Math.Min(tensor.Dims[i], Channels);
            }

            tensor.RawData = ByteString.CopyFrom(tensor.RawData.Span[..(int)(TensorData.Count(tensor) * sizeof(float))]);
        }

        return BatchDimension.Free(OnnxModel.Parse(proto.ToByteArray())).ToBytes();
    }

    private static byte[] Tiny()
    {
        using var tiny = new TinyBackbone();
        return tiny.Model.ToBytes();
    }

    /// <summary>x.view(x.size(0), -1) as torch.onnx wrote it for years, pooling with pads and ceil mode before it.</summary>
    private static byte[] ShapeChain()
    {
        var builder = GraphBuilder.Empty(11, "shapes");
        builder.Input("input", ElementType.Float, -1, 3, 9, 9);
        var x = builder.Node("Conv", ["input", builder.Floats("w", Graphs.Floats(6 * 27, 1), 6, 3, 3, 3)], "conv", ("strides", new long[] { 2, 2 }), ("pads", new long[] { 1, 1, 1, 1 }));
        x = builder.Node("MaxPool", [x], "pool", ("kernel_shape", new long[] { 3, 3 }), ("strides", new long[] { 2, 2 }), ("ceil_mode", 1), ("pads", new long[] { 1, 1, 1, 1 }));
        x = builder.Node("Clip", [x, builder.Floats("low", [0]), builder.Floats("high", [6])], "clip");
        x = builder.Node("Pad", [x, builder.Longs("pads", [0, 0, 1, 1, 0, 0, 0, 0], 8)], "padded");
        x = builder.Node("BatchNormalization", [x, .. new[] { "scale", "bias", "mean", "var" }.Select((name, i) => builder.Floats(name, [1, 2, 3, 4, 5, 6], 6))], "normed");
        var size = builder.Node("Gather", [builder.Node("Shape", [x], "shape"), builder.Longs("zero", [0])], "size");
        var target = builder.Node("Concat", [builder.Node("Unsqueeze", [size], "size_1", ("axes", new long[] { 0 })), builder.Longs("rest", [-1], 1)], "target", ("axis", 0));
        x = builder.Node("Reshape", [x, target], "flat");
        builder.NodeInto("y", "Softmax", [builder.Node("Gemm", [x, builder.Floats("g", Graphs.Floats(6 * 16 * 3, 2), 6 * 16, 3)], "logits")], ("axis", 1));
        builder.Output("y", ElementType.Float, -1, 3);
        return builder.Build().ToBytes();
    }

    /// <summary>If with a subgraph in each branch that reads from outside.</summary>
    private static byte[] Branches()
    {
        var builder = GraphBuilder.Empty(13, "branches");
        builder.Input("x", ElementType.Float, -1, 3, 4, 4);
        var sum = builder.Node("ReduceMax", [builder.Node("Relu", ["x"], "relu")], "most", ("keepdims", 0));
        var condition = builder.Node("Greater", [sum, builder.Floats("half", [0.5f])], "condition");
        var node = new NodeProto { Name = "choice", OpType = "If", Input = { condition }, Output = { "y" } };
        foreach (var (name, operation) in new[] { ("then_branch", "Neg"), ("else_branch", "Exp") })
        {
            var branch = new GraphProto { Name = name, Output = { new ValueInfoProto { Name = $"{name}_y", Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = 1 } } } } };
            branch.Node.Add(new NodeProto { Name = operation, OpType = operation, Input = { "relu" }, Output = { $"{name}_y" } });
            node.Attribute.Add(new AttributeProto { Name = name, Type = AttributeProto.Types.AttributeType.Graph, G = branch });
        }

        builder.Output("y");
        var model = builder.Build();
        model.Graph.Node.Add(node);
        return model.Proto.ToByteArray();
    }

    private static byte[] External()
    {
        var builder = GraphBuilder.Empty(17, "external");
        builder.Input("x", ElementType.Float, -1, 3, 6, 6);
        var x = builder.Node("Conv", ["x", builder.Floats("w", new float[8 * 27], 8, 3, 3, 3)], "conv");
        builder.NodeInto("y", "Gemm", [builder.Node("Flatten", [x], "flat"), builder.Floats("g", new float[128 * 5], 5, 128)], ("transB", 1));
        builder.Output("y", ElementType.Float, -1, 5);
        var proto = builder.Build().Proto;
        ModelWriter.Point(proto.Graph.Initializer[0], DataFile, 0, 8 * 27 * sizeof(float));
        ModelWriter.Point(proto.Graph.Initializer[1], DataFile, 1024, 128 * 5 * sizeof(float));
        return proto.ToByteArray();
    }
}
